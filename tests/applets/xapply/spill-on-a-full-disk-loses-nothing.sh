# The disk of --spill-dir is full: the task that has to wait is held up, and all
# comes out in the end.
. "$TESTS/fanout.sh"
[ "$(id -u)" = 0 ] || skip 'mounting a small disk needs root'
[ -n "${INNER:-}" ] || exec env INNER=1 unshare -m sh "$0"
mkdir spill
mount -t tmpfs -o size=512k none spill || skip 'a small disk cannot be mounted'
: >out
xapply -m -P2 --spill-at=16k --spill-dir=spill 'case %1 in
  first) echo first; ./await "test -e go"; echo last;;
  big) ./await "grep -q first out"; echo $$ >pid; exec seq 1000000;;
esac' first big >out &
runner=$!
await 'test -s pid'
big=$(cat pid)
written() { sed -n 's/^wchar: //p' /proc/$big/io; }
await 'a=$(written); sleep 0.2; [ "$a" -gt 100000 -a "$a" = "$(written)" ]'
[ "$(written)" -lt 2000000 ] && echo held
touch go
wait $runner
echo $?
{ echo first; echo last; seq 1000000; } | cmp - out && echo whole
