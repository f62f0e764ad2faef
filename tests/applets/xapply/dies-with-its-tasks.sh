# Killed, it takes its tasks with it.
. "$TESTS/fanout.sh"
env MARK="$PWD" xapply -m -P2 'touch up.%1; exec sleep 100' a b &
pid=$!
await 'test -e up.a -a -e up.b'
kill -9 $pid
wait $pid 2>/dev/null
await '[ -z "$(marked)" ]' && echo none left
