# USR2: a line on standard error, and on it goes.
. "$TESTS/fanout.sh"
xapply 'case %1 in b) touch up; ./await "test -e go";; esac; echo %1' a b c 2>err &
pid=$!
await 'test -e up'
kill -USR2 $pid
await 'test -s err'
wc -l <err
touch go
wait $pid
echo "$?"
