mkdir s none
damage() {
  cp "$TESTS/fixtures/store/version-1.db" s/store.db
  printf "$2" | dd of=s/store.db bs=1 seek="$1" conv=notrunc 2>/dev/null
  fleetbox-store check s
  echo "exit $?"
}
echo --- whole
damage 0 S
echo --- a byte of a value
damage 12000 x
echo --- not a database
damage 0 x
echo --- empty
: >s/store.db
fleetbox-store check s
echo "exit $?"
echo --- text
echo hello >s/store.db
fleetbox-store check s
echo "exit $?"
echo --- none
fleetbox-store check none
echo "exit $?"
ls none
fleetbox-store dump nowhere
echo "exit $?"
echo --- words
fleetbox-store check
echo "exit $?"
fleetbox-store backup s
echo "exit $?"
