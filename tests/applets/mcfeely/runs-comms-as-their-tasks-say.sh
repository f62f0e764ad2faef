# The options of jobfile(5) that say how a comm is run, all the way from the job
# file to the comm.
. "$TESTS/mcfeely.sh"
[ "$(id -u)" = 0 ] || skip 'only root can run comms as somebody else'
fleet h1
# A script is opened by its path, which leads through folders of ours; a
# program is not.
cp /bin/sh comm.h1/shell
comm h1 say <<'X'
printf 0123456789
X
comm h1 slow <<'X'
sleep 1000
X
comm h1 leave <<'X'
sleep 1000 >/dev/null 2>&1 &
echo $! >"$MCFEELY_COMM_DIR/../left"
X
# Leaves its group and its output, too.
comm h1 flee <<'X'
echo flee >&2
setsid sleep 1000 >/dev/null 2>&1 &
pid=$!
echo $pid >"$MCFEELY_COMM_DIR/../fled.$MCFEELY_TASK"
while [ "$(cut -d' ' -f5 /proc/$pid/stat)" != $pid ]; do :; done
X
comm h1 busy <<'X'
echo 'the disk is full'
echo 'mcfeely: retry-after 1h' >&2
exit 99
X
printf 'line one\nline two\n' >letter
cat >job <<'J'
default env=LANG=de
task look  h1 shell -c 'id -un; echo "$LANG, $WHO"; cat; stat -c %U .' \
     : user=daemon "env=WHO=you and me" stdin=@letter
task say   h1 say   : output=2
task slow  h1 slow  : timeout=100ms timeout-result=fail
task leave h1 leave : detach=yes
task flee  h1 flee
task fled  h1 flee  : detach=yes
J
mcfeely-inject -n -f job
mcfeely-inject -n --json -f job >job.json
mcfeely-inject -n -f job.json >again
mcfeely-inject -n -f job | cmp - again
mcfeely-inject -wq -f job 2>/dev/null
echo "[$?]"
states 1
mcfeely-server show 1.look | sed -n '/^output/,$p'
mcfeely-server show 1.say | grep '[0-9]* bytes'
mcfeely-server show 1.slow | grep -o 'timed out.*' | head -n 1
kill "$(cat left)" && echo 'left behind'
await '! kill -0 "$(cat fled.flee)"'
kill "$(cat fled.fled)" && echo 'fled, and may'
mcfeely-inject -q h1 busy
await 'states 2 | grep -q delayed'
mcfeely-server show 2 | grep -o 'next try in.*' | head -n 1 |
  sed -E 's/in (1 h|59 min)/in AN HOUR/'
# What a parcel says of them.
mcfeely-inject --spool spool -f job >/dev/null
fleetbox parcel show spool/*.job | grep -o -e 'task.0.user.*' \
  -e 'task.[01].environment.*' -e 'task.0.input.*' -e ' input.0.*'
