mkdir s
cp "$TESTS/fixtures/store/version-1.db" s/store.db
fleetbox-store dump s
echo --- prefix
fleetbox-store dump s main/s
echo --- none
fleetbox-store dump s nothing
echo --- json
fleetbox-store dump -j s odd
fleetbox-store dump --json s x
echo --- untouched
cmp s/store.db "$TESTS/fixtures/store/version-1.db" && ls s
