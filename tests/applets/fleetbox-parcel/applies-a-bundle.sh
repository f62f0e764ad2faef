# A bundle: the example of fleetbox-parcel(1), and who is not let in.
export HOME="$PWD"
cp "$TESTS/fixtures/bundles/good" web1.bundle
sed -n '/^ops@example.com /s/namespaces="[^"]*"/namespaces="bundle@fleetbox"/p' \
  "$TESTS/fixtures/parcels/allowed_signers" >trusted
fleetbox parcel apply --trust trusted --principal host:web1 web1.bundle
echo "exit $?"
find app | sort
rm -r app
fleetbox parcel apply --trust trusted --principal host:web2 web1.bundle 2>&1 |
  sed 's/SHA256:[^:]*/KEY/'
fleetbox parcel apply --require-signed web1.bundle >/dev/null 2>&1
echo "exit $?"
fleetbox parcel apply trusted
echo "exit $?"
ls
