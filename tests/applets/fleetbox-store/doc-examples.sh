# The examples of fleetbox-store(8).
mkdir queue
cp "$TESTS/fixtures/store/version-1.db" queue/store.db
mkdir copy
fleetbox store backup queue copy/store.db
fleetbox store check copy
echo "exit $?"
fleetbox store dump queue main/job/000000000000001f/
