# mcfeely 20: without a server, 75 and nothing queued, and no processor is kept
# busy meanwhile; spooled, it is accepted once by a later import.
. "$TESTS/mcfeely.sh"
export MCFEELY_SERVER=unix:sock
mcfeely-inject h1 count & # 4 s of patience
sleep 2
awk '{ print $14 + $15 < 50 ? "sleeps" : "is busy" }' /proc/$!/stat
wait $!
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
mcfeely-server status -a | sed -n '2,/^$/p' | awk '{ print $1, $2 }'
