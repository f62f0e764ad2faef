# A task that has to wait for its turn writes on: what does not fit into memory
# waits in a file without a name, and nothing of it is left behind.
. "$TESTS/fanout.sh"
mkdir spill
: >out
xapply -m -P2 --spill-at=16k --spill-dir=spill 'case %1 in
  first) echo first; ./await "test -e go"; echo last;;
  big) ./await "grep -q first out"; seq 1000000; touch written;;
esac' first big >out &
pid=$!
await 'test -e written'
echo "$(wc -c <out) bytes out, the rest waits"
ls -l /proc/$pid/fd | grep -c "$PWD/spill/.*deleted"
# A sanitizer has more of its own.
most=8192
grep -q libasan /proc/$pid/maps && most=65536
awk -v most=$most '/^VmHWM/ { print ($2 < most ? "little memory" : $0) }' \
  /proc/$pid/status
ls spill
touch go
wait $pid
echo "$?"
{ echo first; echo last; seq 1000000; } | cmp - out && echo whole
ls spill
