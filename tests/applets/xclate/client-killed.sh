# A client that is killed, at whatever stage, hurts only its own section.
. "$TESTS/lib.sh"
xclate -m -r -N '>n' -u sock : >out & m=$!
await 'test -S sock'

echo "-- while it waits"
mkfifo hold
xclate -u sock holder <hold & h=$!
exec 7>hold
echo held >&7
await 'grep -q held out'
xclate -s -u sock waiting sh -c ': >waits; echo w; exec sleep 60' & w=$!
await 'test -e waits'
xclate -u sock later sh -c 'echo later' </dev/null & l=$!
kill -9 $w; wait $w 2>/dev/null
await 'grep -qa waiting n'

echo "-- while it holds the stream, as a filter"
kill -9 $h; wait $h 2>/dev/null
exec 7>&-
wait $l; echo later=$?

echo "-- while its command writes"
xclate -u sock cmd sh -c 'trap "" INT; echo $$ >pid; echo begun; while :; do sleep 1; done' & c=$!
await 'test -s pid'
kill -9 $c; wait $c 2>/dev/null
await '! kill -0 $(cat pid)'
echo after | xclate -u sock after
xclate -Q -u sock end true
wait $m; echo rc=$?
cat out
tr '\0' '\n' <n
