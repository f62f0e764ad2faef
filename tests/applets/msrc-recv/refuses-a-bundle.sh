# msrc M33: who is not listed for it is refused, and nothing is written.
export HOME="$PWD"
cp "$TESTS"/fixtures/bundles/* .
sed 's/namespaces="[^"]*"/namespaces="bundle@fleetbox"/' \
  "$TESTS/fixtures/parcels/allowed_signers" >trusted
apply() {
  echo "--- $*"
  msrc-recv --trust trusted --principal host:web1 --apply "$@"
  echo "exit $?"
}
cp good web1.bundle
msrc-recv --trust trusted --principal host:web1 --apply web1.bundle
rm -r app
for bundle in stranger elsewhere expired altered torn; do
  apply $bundle
  [ -e app ] && echo 'something was written'
done
sed 's/bundle@/inject@/' trusted >other
mv other trusted
apply good
rm trusted
apply good
msrc-recv --require-signed --apply good
echo "exit $?"
msrc-recv --apply /dev/null
echo "exit $?"
ls -d app 2>/dev/null
:
