# With --spill-max a task that waits is held up, as by a full pipe, and goes on
# when it is its turn.
. "$TESTS/fanout.sh"
: >out
xapply -m -P2 --spill-at=16k --spill-max=200k 'case %1 in
  first) echo first; ./await "test -e go"; echo last;;
  big) ./await "grep -q first out"; echo $$ >pid; exec seq 1000000;;
esac' first big >out &
runner=$!
await 'test -s pid'
big=$(cat pid)
written() { sed -n 's/^wchar: //p' /proc/$big/io; }
# It is held up when it has not written for a while.
await 'a=$(written); sleep 0.2; [ "$a" -gt 100000 -a "$a" = "$(written)" ]'
[ "$(written)" -lt 2000000 ] && echo held
touch go
wait $runner
echo $?
{ echo first; echo last; seq 1000000; } | cmp - out && echo whole
