cp "$TESTS"/fixtures/parcels/* .
for parcel in good good-zstd; do
  fleetbox parcel export $parcel
  ssh-keygen -Y verify -f allowed_signers -I ops@example.com \
    -n inject@fleetbox -s $parcel.sig <$parcel.signed
done
ssh-keygen -Y verify -f allowed_signers -I ops@example.com -n power@fleetbox \
  -s good.sig <good.signed
echo "exit $?"
fleetbox parcel export altered >/dev/null
ssh-keygen -Y verify -f allowed_signers -I ops@example.com \
  -n inject@fleetbox -s altered.sig <altered.signed
echo "exit $?"
fleetbox parcel export good
echo "exit $?"
fleetbox parcel export -f good >/dev/null && echo replaced
fleetbox parcel export truncated
