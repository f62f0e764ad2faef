export FLEETBOX_TRUST=$PWD/trust
cp "$TESTS/fixtures/keys/ops.pub" .
try() {
  echo "--- $*"
  fleetbox key trust "$@" <ops.pub
  echo "exit $?"
}
try -n inject ops
try --valid-before tomorrow ops
try --valid-after 20300101 --valid-before 20200101 ops
try 'a b,c'
try 'a"b'
try '!ops'
try '#ops'
try ''
try
echo "--- standard input"
fleetbox key trust ops <"$TESTS/fixtures/keys/ecdsa.pub"
fleetbox key trust ops </dev/null
ls
