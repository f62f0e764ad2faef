# mcfeely 28: the agent is killed under two comms: both and their children are
# gone after its start; one is tried again, the other, not safe to repeat, is
# held, and the failure address is told. Released, it is tried again.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 slow <<'X'
sleep 1000 &
echo $! $$ >>"$MCFEELY_COMM_DIR/../pids"
[ -e "$MCFEELY_COMM_DIR/go" ] || wait
X
mcfeely-inject -q -F ops@example.com -e 'task safe h1 slow : step=1' \
  -e 'task once h1 slow : safe-to-repeat=no'
await '[ "$(wc -l <pids)" = 2 ]'
pids=$(cat pids)
crash $agent_h1
touch comm.h1/go
start_agent h1
letters 1
for p in $pids; do
  await "! kill -0 $p || grep -q 'State:.Z' /proc/$p/status"
done
await 'states 1 | grep -q "^safe done"'
states 1
mcfeely-server release 1.safe
echo "exit $?"
mcfeely-server release 1.once
ended 1
states 1
