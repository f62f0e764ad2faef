cp "$TESTS"/fixtures/parcels/* .
fleetbox parcel show -t allowed_signers good
echo "exit $?"
fleetbox parcel show -t allowed_signers -a server:mcfeely good-zstd | sed -n 1,20p
fleetbox parcel show -t allowed_signers -j good
fleetbox parcel show -t allowed_signers - <good | sed -n 1p
