export FLEETBOX_TRUST=$PWD/trust
cp "$TESTS/fixtures/keys/ops.pub" .
printf '# a comment without a newline at its end' >trust
fleetbox key trust ops <ops.pub >/dev/null
fleetbox key trust ops <ops.pub 2>err
echo "exit $?"
sed "s|$PWD/||" err
fleetbox key trust another <ops.pub >/dev/null
cut -d' ' -f1 trust
