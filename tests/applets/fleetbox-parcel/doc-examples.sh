# The examples of fleetbox-parcel(1).
cp "$TESTS/fixtures/parcels/good" job.parcel
cp "$TESTS/fixtures/parcels/allowed_signers" .
export FLEETBOX_TRUST=allowed_signers
fleetbox parcel show job.parcel
fleetbox parcel check -a server:mcfeely job.parcel
fleetbox parcel export job.parcel
ssh-keygen -Y verify -f allowed_signers -I ops@example.com -n inject@fleetbox -s job.parcel.sig < job.parcel.signed
