# The examples of msrc-recv(8), with a bundle whose key no file names.
export HOME="$PWD"
cp "$TESTS/fixtures/bundles/good" web1.bundle
msrc-recv --apply web1.bundle
echo "exit $?"
find app | sort
ls -l app/bin/hello | cut -c1-10
ls -l --time-style=+%s app/motd | awk '{ print $6 }'
before=$(ls -lid app/motd app/bin/hello app/hello app/copy)
msrc-recv --apply web1.bundle
[ "$before" = "$(ls -lid app/motd app/bin/hello app/hello app/copy)" ] &&
  echo 'nothing was touched'
echo other >app/motd
fleetbox-parcel apply web1.bundle
cat app/motd
ls -A . | grep -v -e bundle -e app
