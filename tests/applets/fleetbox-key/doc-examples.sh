# The examples of fleetbox-key(1).
HOME=$PWD
fleetbox key new -c server:mcfeely identity | sed 's/SHA256:[^ ]*/SHA256:.../'
fleetbox key fingerprint identity.pub | sed 's/SHA256:[^ ]*/SHA256:.../'
cp "$TESTS/fixtures/keys/ops.pub" .
export FLEETBOX_TRUST=allowed_signers
fleetbox key trust -n inject@fleetbox --valid-before 20310101 ops@example.com < ops.pub
fleetbox key list
