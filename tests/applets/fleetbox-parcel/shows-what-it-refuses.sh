cp "$TESTS"/fixtures/parcels/* .
for parcel in altered forged stranger elsewhere dispatch truncated; do
  echo "--- $parcel"
  fleetbox parcel show -t allowed_signers -a server:mcfeely \
    --at 2025-01-31T10:15:04Z $parcel
  echo "exit $?"
done
echo "--- without trust"
fleetbox parcel show -t missing good
echo "--- as JSON"
fleetbox parcel show -j -t allowed_signers stranger
