# When there can be no more processes a start is put off until one has ended.
. "$TESTS/fanout.sh"
[ "$(id -u)" = 0 ] || skip 'another user is needed'
command -v setpriv >/dev/null || skip 'there is no setpriv'
place=$(mktemp -d /tmp/few.XXXXXX) || exit 1
trap 'rm -rf "$place"' EXIT
cp -L "$(command -v fleetbox)" "$place/xapply"
seq 40 >"$place/items"
chmod 755 "$place" "$place/xapply"
cd "$place"
# A user nobody else is.
TMPDIR=/tmp HOME=/ setpriv --reuid=61234 --regid=61234 --clear-groups \
  prlimit --nproc=12 ./xapply -f -P30 'echo %1; exec sleep 0.1' items 2>err |
  sort -n | cmp - items && echo all of them
grep -c 'waiting for room' err
