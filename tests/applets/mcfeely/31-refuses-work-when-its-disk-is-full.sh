# mcfeely 31: a full disk on the server: 75, a comm that runs meanwhile is
# unaffected, its result is stored when there is space again, nothing
# acknowledged is lost.
. "$TESTS/mcfeely.sh"
[ "$(id -u)" = 0 ] || skip 'mounting a small disk needs root'
[ -n "${INNER:-}" ] || exec env INNER=1 unshare -m sh "$0"
mkdir queue
mount -t tmpfs -o size=3M none queue || skip 'a small disk cannot be mounted'
fleet h1
comm h1 ok </dev/null
comm h1 slow <<'X'
while [ ! -e "$MCFEELY_COMM_DIR/go" ]; do sleep 0.05; done
touch "$MCFEELY_COMM_DIR/ended"
X
mcfeely-inject -wq h1 ok 2>/dev/null
mcfeely-inject h1 slow
await 'states 2 | grep -q running'
head -c 4000000 /dev/zero >queue/filler 2>/dev/null
n=0
while mcfeely-inject -q -d "$(head -c 60000 /dev/zero | tr '\0' x)" h1 ok 2>err
do n=$((n + 1)); [ $n -lt 100 ] || break; done
mcfeely-inject h1 ok 2>err
echo "exit $?"
grep -o 'No space left on device\|disk.*full' err | head -n 1
head -c 4000000 /dev/zero >queue/rest 2>/dev/null
touch comm.h1/go
await 'test -e comm.h1/ended'
states 1
rm queue/filler queue/rest
await 'mcfeely-inject -q h1 ok 2>/dev/null'
ended 2
states 2
crash $server
start_server
states 1; states 2
# Those before, those while there was space, and the one after.
await "[ \$(mcfeely-server status -a | grep -c ' done ') -ge $((n + 3)) ]" &&
  echo all there
