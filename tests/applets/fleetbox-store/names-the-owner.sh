mkdir s
cp "$TESTS/fixtures/store/version-1.db" s/store.db
echo 4711 >s/lock
for verb in "check s" "dump s"; do
  flock s/lock fleetbox-store $verb
  echo "exit $?"
done
fleetbox-store check s
echo "exit $?"
