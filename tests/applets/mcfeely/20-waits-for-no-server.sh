# mcfeely 20: without a server, 75 and nothing queued; spooled, it is accepted
# once by a later import.
. "$TESTS/mcfeely.sh"
export MCFEELY_SERVER=unix:sock
mcfeely-inject h1 count
echo "exit $?"
mcfeely-inject --spool spool h1 count 2>&1 | sed -E 's/[0-9a-f]{32}/ID/'
echo "exit $?"
ls spool | wc -l
fleet h1
comm h1 count <<'X'
echo x >>"$MCFEELY_COMM_DIR/../runs"
X
mcfeely-server import spool
mcfeely-server import spool/*.job
ended 1
wc -l <runs
mcfeely-server status -a | tail -n +2 | awk '{ print $1, $2 }' | head -n 1
