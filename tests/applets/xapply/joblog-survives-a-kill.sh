# A row is on disk when its task has ended, not when xapply does.
. "$TESTS/fanout.sh"
xapply --joblog=log 'echo %1; test %1 = a || ./await "test -e go"' a b >out &
pid=$!
await 'test "$(wc -l <log)" = 2 && grep -qx b out'
kill -9 $pid
wait $pid 2>/dev/null
touch go
cut -f 1,7 log
