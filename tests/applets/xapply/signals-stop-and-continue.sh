# A stopped xapply finds, when it goes on, what has ended meanwhile.
. "$TESTS/fanout.sh"
xapply -m -P2 'touch up.%1; ./await "test -e go"; echo %1; touch ended.%1' \
  a b c d >out &
pid=$!
await 'test -e up.a -a -e up.b'
kill -STOP $pid
touch go
await 'test -e ended.a -a -e ended.b'
kill -CONT $pid
wait $pid
echo "$?"
sort out
