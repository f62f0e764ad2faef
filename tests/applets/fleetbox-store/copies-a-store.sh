mkdir s copy
cp "$TESTS/fixtures/store/version-1.db" s/store.db
fleetbox-store backup s copy/store.db && fleetbox-store check copy && echo whole
stat -c %a copy/store.db
fleetbox-store dump s >before
fleetbox-store dump copy >after
cmp before after && echo same
fleetbox-store backup s copy/store.db
echo "exit $?"
fleetbox-store backup s nowhere/store.db
echo "exit $?"
