# mcfeely 30: the agent's host is rebooted between "result on disk" and "sent":
# the result is delivered afterwards, and nothing runs again.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 slow <<'X'
echo run >>"$MCFEELY_COMM_DIR/../runs"
while [ ! -e "$MCFEELY_COMM_DIR/go" ]; do sleep 0.05; done
echo "as it was"
X
unserve $agent_h1
serve mcfeely-agent -v -H h1 -C comm.h1 -J journal.h1 -i keys/h1 -S unix:sock \
  --ready-fd 3
agent_h1=$served
mcfeely-inject -q -e 'task a h1 slow'
await 'states 1 | grep -q "^a running"'
crash $server
touch comm.h1/go
await "grep -q results.kept serve.$serve_n.log"
crash $agent_h1
start_server
states 1
start_agent h1
await 'states 1 | grep -q "^a done"'
states 1
mcfeely-server show 1.a | grep -o 'as it was'
cat runs
