# Killed while finished tasks wait for their turn: --resume passes on what they
# printed, and runs only the others.
. "$TESTS/lib.sh"
printf '1\n2\n3\n4\n' >items
run() {
  $exec xapply -P4 -f --keep-order --stderr=collate --results=results --joblog=log \
    "$@" 'echo run %1 >>ran; test %1 != 1 -o -e go || sleep 60;
      test %1 != 4 -o -e go || sleep 60; echo out %1; echo err %1 >&2; exit %1' \
    items
}
exec=exec
run >first 2>&1 &
exec=
await 'test -e results/1/undelivered.json -a -e results/2/undelivered.json'
await 'test $(wc -l <ran) = 4'
kill -KILL $!
wait $! 2>/dev/null
cat first
echo "in the log: $(tail -n +2 log 2>/dev/null | wc -l)"
touch go
: >ran
run --resume
echo "exit $?"
sort ran
cut -f 1,7 log
ls results/1
echo once more
run --resume
sort -u ran
