# A signal to the manager goes to the utility; nothing stays behind.
. "$TESTS/lib.sh"
for s in TERM HUP; do
  ptbw -m sh -c 'echo $ptbw_1 >path; exec sleep 60' & m=$!
  await 'test -s path'
  kill -$s $m; wait $m; echo $s=$?
  ls -A; rm path
done
echo "-- a utility that has its own idea"
ptbw -m -J1 sh -c 'trap "ptbw -A echo bye; exit 7" TERM; : >ready; while :; do sleep 0.02; done' & m=$!
await 'test -e ready'
kill $m; wait $m; echo $?
rm ready
echo "-- one that does not end"
ptbw -m sh -c 'trap ": >got" TERM; : >ready; while :; do sleep 0.02; done' & m=$!
await 'test -e ready'
kill $m
await 'test -e got'
kill $m; wait $m; echo $?
rm ready got
echo "-- none at all"
for s in TERM HUP; do
  ptbw -m -N $PWD/pool : & m=$!
  await 'test -S pool'
  kill -$s $m; wait $m; echo $s=$?
  ls -A
done
echo "-- none, and it only waits for its last client"
ptbw -m -J1 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -q -t pool sh -c '. "$TESTS/lib.sh"; : >held; await "test -e go"' & h=$!
await 'test -e held'
ptbw -t pool -Q -R0 true
kill $m; wait $m; echo $?
: >go; wait $h; echo client=$?
rm held go
echo "-- a client's command"
ptbw -m sh -c 'ptbw sh -c "echo \$PPID >pid; exec sleep 60"; echo client=$?' & m=$!
await 'test -s pid'
kill $(cat pid); wait $m; echo $?
rm pid
echo "-- a client that waits"
ptbw -m -J1 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -t pool sh -c '. "$TESTS/lib.sh"; : >held; await "test -e go"' & h=$!
await 'test -e held'
ptbw -t pool true & w=$!
await 'ls -l /proc/'$w'/fd | grep -q socket'
kill $w; wait $w 2>/dev/null; echo waiting=$?
: >go; wait $h
kill $m; wait $m
echo "-- a manager that waits for an outer pool"
ptbw -m -J1 ptbw sh -c '. "$TESTS/lib.sh"
  ptbw -m -J1 -t - true & w=$!
  await "ls -l /proc/$w/fd | grep -q socket"
  kill $w; wait $w; echo waiting=$?'
ls -A
