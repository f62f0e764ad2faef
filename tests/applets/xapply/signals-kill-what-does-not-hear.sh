# What is left of a task --kill-after the signal is killed; a second INT does it
# at once.
. "$TESTS/fanout.sh"
deaf='trap "" TERM INT HUP; touch up.%1; sleep 100 & while :; do sleep 100; done'
env MARK="$PWD" xapply --kill-after=300ms "$deaf" a &
pid=$!
await 'test -e up.a'
kill -TERM $pid
wait $pid 2>/dev/null
echo "$?"
marked
# The task itself hears it, something it has left behind does not.
env MARK="$PWD" xapply --kill-after=300ms '
  (trap "" TERM; touch up.%1; exec sleep 100) & wait' c &
pid=$!
await 'test -e up.c'
kill -TERM $pid
wait $pid 2>/dev/null
echo "$?"
marked
env --default-signal=INT MARK="$PWD" xapply --kill-after=1h "$deaf" b &
pid=$!
await 'test -e up.b'
kill -INT $pid
await 'kill -INT $pid; ! grep -q "^State:.[^Z]" /proc/$pid/status'
wait $pid 2>/dev/null
echo "$?"
marked
