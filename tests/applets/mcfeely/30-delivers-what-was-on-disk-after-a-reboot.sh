# mcfeely 30: a comm ends while its server is away, and the agent is killed with
# the result in its journal: it is delivered by the agent's next life, and the
# comm runs once.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 once <<'X'
echo ran >>"$MCFEELY_COMM_DIR/../ran"
while ! test -e "$MCFEELY_COMM_DIR/../go"; do sleep 0.05; done
echo finished
X
mcfeely-inject -q h1 once
await 'test -s ran'
unserve "$server"
# The journal's log grows by the result.
size() { stat -c %s journal.h1/*-wal; }
before=$(size)
touch go
await '[ "$(size)" -gt "$before" ]'
crash "$agent_h1"
start_server
start_agent h1
ended 1
states 1
mcfeely-server show 1.task | tail -n 1
wc -l <ran
grep -c comm.interrupted "serve.$serve_n.log" || :
