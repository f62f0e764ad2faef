# isinit -- COMMAND: its exit code is ours, what it leaves behind is ended, and
# signals are passed on.
. "$TESTS/lib.sh"
isinit -- sh -c 'sleep 1063 & exit 3'
echo "code $?"
pgrep -f '^sleep 1063$' || echo none left
isinit -- sh -c 'kill -9 $$'
echo "code $?"
isinit -- /nonexistent
echo "code $?"
isinit -- .
echo "code $?"
isinit -- status
echo "code $?"
isinit -- sh -c 'trap "echo told; exit 5" TERM; echo x >up; while :; do sleep 0.05; done' &
pid=$!
await 'test -s up'
kill -TERM $pid
wait $pid
echo "code $?"
