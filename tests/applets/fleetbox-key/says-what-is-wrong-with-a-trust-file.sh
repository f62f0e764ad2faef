fleetbox key list -t missing
echo "exit $?"
printf 'a cert-authority ssh-ed25519 AAAA\n' >trust
fleetbox key list -t trust
echo "exit $?"
fleetbox key trust -t trust ops <"$TESTS/fixtures/keys/ops.pub"
echo "exit $?"
cat trust
