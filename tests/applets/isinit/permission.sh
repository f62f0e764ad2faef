# isinit 34: another user may not tell anything, unless the table lets it.
. "$TESTS/lib.sh"
[ "$(id -u)" = 0 ] || skip 'needs root'
command -v setpriv >/dev/null || skip 'there is no setpriv'
place=$(mktemp -d /tmp/isinit.XXXXXX) || exit 1
chmod 755 "$place"
cp -L "$(command -v fleetbox)" "$place/isinit"
cd "$place" || exit 1
cat >tab <<T
g:a:1:respawn:exec sleep 1000
h:b:1:respawn:exec sleep 1000
:::allow:uid=65534 tell h
:::allow:uid=65533 status *
T
as() {
  uid=$1
  shift
  setpriv --reuid="$uid" --regid=60000 --clear-groups \
    "$place/isinit" -n -c "$place/tab" -r "$place/run" "$@" 2>&1
  echo "code $?"
}
serve ./isinit -d -c "$place/tab" -r "$place/run" --ready-fd 3
trap 'unserve_all; rm -rf "$place"' EXIT
for uid in 65534 65533 65532; do
  echo "uid $uid"
  as $uid tell --wait=30s g 1
  as $uid tell --wait=30s h 1
  as $uid status h | awk '{ print $1, $2, $3 }'
  as $uid stop b
done
