mkdir s
cp "$TESTS/fixtures/store/version-1.db" s/store.db
echo 4711 >s/lock
for verb in "check s" "dump s" "backup s copy"; do
  flock s/lock fleetbox-store $verb
  echo "exit $?"
done
test -e copy || echo no copy
fleetbox-store check s
echo "exit $?"
