# mcfeely 31: a full disk on the server: 75; comms that run meanwhile are
# unaffected; results that there is no space for are told to nobody, and are there
# when there is space again, even behind a crash; nothing acknowledged is lost.
. "$TESTS/mcfeely.sh"
[ "$(id -u)" = 0 ] || skip 'mounting a small disk needs root'
[ -n "${INNER:-}" ] || exec env INNER=1 unshare -m sh "$0"
mkdir queue
mount -t tmpfs -o size=32M none queue || skip 'a small disk cannot be mounted'
CONFIG='max-per-host 80'
fleet h1
comm h1 ok </dev/null
comm h1 slow <<'X'
while [ ! -e "$MCFEELY_COMM_DIR/go" ]; do sleep 0.05; done
head -c 90000 /dev/urandom | base64 -w 0
echo x >>"$MCFEELY_COMM_DIR/ended.$MCFEELY_TASK"
X
mcfeely-inject -wq h1 ok 2>/dev/null
# So many that what room there is in the log is not enough for them.
for n in $(seq 80); do
  set -- "$@" -e "task t$n h1 slow : output=128k"
done
mcfeely-inject -q "$@"
await '[ "$(states 2 | grep -c running)" = 80 ]'
head -c 40000000 /dev/zero >queue/filler 2>/dev/null
n=0
while mcfeely-inject -q -d "$(head -c 60000 /dev/zero | tr '\0' x)" h1 ok 2>err
do n=$((n + 1)); [ $n -lt 100 ] || break; done
mcfeely-inject h1 ok 2>err
echo "exit $?"
grep -o 'No space left on device\|disk.*full' err | head -n 1
head -c 40000000 /dev/zero >queue/rest 2>/dev/null
touch comm.h1/go
await '[ "$(ls comm.h1/ended.* | wc -l)" = 80 ]'
mcfeely-server wait --timeout 1s 2 >/dev/null 2>&1
echo "not told: $?"
states 1
crash $server
rm queue/filler queue/rest
start_server
await 'mcfeely-inject -q h1 ok 2>/dev/null'
mcfeely-server wait 2
echo "[$?]"
states 1
states 2 | awk '{ print $2, $3 }' | sort | uniq -c
cat comm.h1/ended.* | wc -l
# Those before, those while there was space, and the one after.
await "[ \$(mcfeely-server status -a | grep -c ' done ') -ge $((n + 3)) ]" &&
  echo all there
