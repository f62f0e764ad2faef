# The ssh line breaks under a comm: the comm goes on, its result is taken by the
# next line, and nothing runs twice. A result that could not be told outlives
# the far agent, too.
. "$TESTS/mcfeely.sh"
. "$TESTS/ssh.sh"
far_hosts web1 >far.conf
CONFIG=$(cat far.conf) fleet
cat >far/comm/slow <<'X'
#!/bin/sh
echo "$1" >>"$MCFEELY_COMM_DIR/../ran"
while [ ! -e "$MCFEELY_COMM_DIR/go-$1" ]; do sleep 0.05; done
echo "$1 is through"
X
chmod 755 far/comm/slow
log=far/.state/fleetbox/agent/web1/agent.log

echo "--- the line breaks, and comes back while the comm runs"
mcfeely-inject -q -e 'task a web1 slow a'
await 'states 1 | grep -q "^a running"'
cut_line
await '[ "$(grep -c server.connected $log)" = 2 ]'
touch far/comm/go-a
await 'states 1 | grep -q "^a done 1"'
mcfeely-server show 1.a | grep -o 'a is through'

echo "--- the comm ends while the line is down, and the far agent is killed"
mcfeely-inject -q -e 'task b web1 slow b'
await 'states 2 | grep -q "^b running"'
touch lines/down
cut_line
await 'mcfeely-server show 2.b | grep -q "runs on web1, which is not connected"'
touch far/comm/go-b
await 'grep -q results.kept $log'
kill -9 "$(sed -n 's/.*agent.started.*pid=//p' $log)"
rm lines/down
await 'states 2 | grep -q "^b done 1"'
mcfeely-server show 2.b | grep -o 'b is through'
cat far/ran
echo "--- when all is told it ends"
await 'grep -q agent.stopped $log'
grep -o 'agent.idle.*' $log
