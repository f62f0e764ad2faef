# SIGTERM: what runs is waited for, and told; a server that does not answer is not
# waited for long, and told by the next life; a second signal ends it at once.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 slow <<'X'
echo "$1" >>"$MCFEELY_COMM_DIR/begun"
until [ -e "$MCFEELY_COMM_DIR/$1.go" ]; do sleep 0.02; done
echo ended >>"$MCFEELY_COMM_DIR/begun"
X
begun() { await "grep -qx $1 comm.h1/begun"; }
gone() { timeout "$1" tail -s 0.02 --pid="$agent_h1" -f /dev/null; }

echo '--- a comm that runs'
mcfeely-inject -q h1 slow one
begun one
kill -TERM "$agent_h1"
await 'grep -q agent.stopping serve.2.log'
touch comm.h1/one.go
gone 20 && echo 'it has ended'
mcfeely-server wait 1
states 1

echo '--- a server that does not answer'
start_agent h1
mcfeely-inject -q h1 slow two
begun two
kill -STOP "$server"
touch comm.h1/two.go
await '[ "$(grep -c ended comm.h1/begun)" = 2 ]'
kill -TERM "$agent_h1"
gone 20 && echo 'it has ended'
kill -CONT "$server"
start_agent h1
mcfeely-server wait 2
states 2

echo '--- twice'
mcfeely-inject -q h1 slow three
begun three
kill -TERM "$agent_h1"
await 'grep -q agent.stopping serve.4.log'
kill -TERM "$agent_h1"
gone 20 && echo 'it has ended'
start_agent h1
await 'mcfeely-server show 3 | grep -q "the agent ended while it ran"'
states 3
