# USR1: no more items, what runs is finished, and the exit code is what it
# would have been.
. "$TESTS/fanout.sh"
xapply -P2 'touch up.%1; ./await "test -e go"; echo %1' a b c d 2>err >out &
pid=$!
await 'test -e up.a -a -e up.b'
kill -USR1 $pid
await 'test -s err'
touch go
wait $pid
echo "$?"
sort out
grep -c '^xapply: .*USR1' err
# From within a task, by %p.
xapply 'echo %1; case %1 in b) kill -USR1 %p; ./await "test -s err2";; esac' \
  a b c 2>err2
echo "$?"
