# mcfeely 41: TERM with 100 running comms. The server ends at once, the comms
# run on, and after its start their results are taken over.
. "$TESTS/mcfeely.sh"
CONFIG='max-per-host 100' fleet h1
comm h1 slow <<'X'
echo run >>"$MCFEELY_COMM_DIR/../runs"
while [ ! -e "$MCFEELY_COMM_DIR/go" ]; do sleep 0.3; done
X
for n in $(seq 100); do echo "task t$n h1 slow"; done | mcfeely-inject -q -f -
await '[ "$(wc -l <runs)" = 100 ]'
await '[ "$(states 1 | grep -c " running 1")" = 100 ]'
before=$(date +%s)
unserve $server
echo "exit $?"
[ $(($(date +%s) - before)) -le 30 ] && echo "within 30 s"
pgrep -P $agent_h1 | wc -l
touch comm.h1/go
await '! pgrep -P $agent_h1'
start_server
ended 1
states 1 | cut -d' ' -f2- | sort | uniq -c | sed 's/^ *//'
wc -l <runs
