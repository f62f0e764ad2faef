cp "$TESTS"/fixtures/parcels/* .
cp "$TESTS/fixtures/keys/numbered-1" key && chmod 600 key
fleetbox parcel export good >/dev/null
mv good.signed theirs.signed
ssh-keygen -q -Y sign -f key -n inject@fleetbox theirs.signed
mv theirs.signed.sig theirs.sig
cmp theirs.sig good.sig && echo the same signature
fleetbox parcel import theirs && cmp theirs good && echo the same parcel
fleetbox parcel import theirs
echo "exit $?"
fleetbox parcel check -t allowed_signers theirs

refuse() {
  echo "--- $1"
  shift
  rm -f theirs theirs.sig theirs.signed.sig
  ssh-keygen -q -Y sign "$@" theirs.signed && mv theirs.signed.sig theirs.sig
  fleetbox parcel import theirs
  echo "exit $?"
}
refuse namespace -f key -n power@fleetbox
refuse hash -f key -O hashalg=sha256 -n inject@fleetbox
cp "$TESTS/fixtures/keys/ops" other && chmod 600 other
refuse key -f other -n inject@fleetbox
echo "--- content"
cp good.sig theirs.sig
printf x >>theirs.signed
fleetbox parcel import theirs
ls theirs
