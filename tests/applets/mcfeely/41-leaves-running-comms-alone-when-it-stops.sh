# mcfeely 41: TERM with a hundred running comms: the server ends at once, the
# comms go on, and the next server takes their results over.
. "$TESTS/mcfeely.sh"
CONFIG="max-per-host 100"
fleet h1
comm h1 wait <<'X'
echo "$1" >>"$MCFEELY_COMM_DIR/../ran"
while ! test -e "$MCFEELY_COMM_DIR/../go"; do sleep 0.2; done
X
seq 100 | sed 's/.*/task t& h1 wait &/' >job
mcfeely-inject -q -f job
await '[ "$(wc -l <ran)" = 100 ]'
began=$(date +%s)
kill "$server"
wait "$server"
echo "exit $?"
[ $(($(date +%s) - began)) -le 30 ] && echo 'within 30 s'
touch go
await '! pgrep -P "$agent_h1" >/dev/null'
start_server
ended 1
states 1 | awk '{ print $2, $3 }' | sort | uniq -c | tr -s ' '
sort -u ran | wc -l
wc -l <ran
