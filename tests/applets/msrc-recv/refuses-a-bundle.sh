# msrc M33: who is not listed for it is refused, and nothing is written.
export HOME="$PWD"
cp "$TESTS"/fixtures/bundles/* .
# The key of the bundles, which is the number 1 as a seed.
fleetbox-key show "$TESTS/fixtures/keys/numbered-1.pub" >/dev/null 2>&1
key=$(cut -d' ' -f1,2 "$TESTS/fixtures/parcels/allowed_signers" | head -1)
cat "$TESTS/fixtures/parcels/allowed_signers" |
  sed 's/namespaces="[^"]*"/namespaces="bundle@fleetbox"/' >trusted
apply() {
  echo "--- $*"
  msrc-recv --trust trusted --principal host:web1 --apply "$@"
  echo "exit $?"
}
apply good
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
