# isinit 39: where no process can be made the start has failed; it is tried again
# as the throttle allows, and the server goes on answering.
. "$TESTS/lib.sh"
[ "$(id -u)" = 0 ] || skip 'another user is needed'
command -v setpriv >/dev/null || skip 'there is no setpriv'
place=$(mktemp -d /tmp/isinit.XXXXXX) || exit 1
chmod 777 "$place"
cp -L "$(command -v fleetbox)" "$place/isinit"
cd "$place" || exit 1
for n in 1 2 3 4 5 6 7 8; do
  echo "g:t$n:1:respawn,pause=200ms,limit=1/10s:exec sleep 1000"
done >tab
# A user nobody else is, with room for the server and a few more.
mkdir run
chown 61235 run
serve setpriv --reuid=61235 --regid=61235 --clear-groups prlimit --nproc=6 \
  ./isinit -d -c "$place/tab" -r "$place/run" --ready-fd 3
trap 'unserve_all; rm -rf "$place"' EXIT
i() { ./isinit -n -c "$place/tab" -r "$place/run" "$@"; }
i g 1
await 'i status | grep -q "Resource temporarily unavailable"'
i status | grep -o 'Resource temporarily unavailable' | sort -u
up=$(i status | grep -c ' up ')
[ "$up" -ge 1 ] && [ "$up" -lt 8 ] && echo some
kill -9 "$(pgrep -u 61235 -f '^sleep 1000$' | head -n 1)"
await "test \$(i status | grep -c ' up ') -ge $up"
i tell --wait=30s g 0
i status | grep -c ' up '
