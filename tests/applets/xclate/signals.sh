# A signal to the manager goes to the utility; nothing stays behind.
. "$TESTS/lib.sh"
for s in TERM HUP; do
  xclate -m sh -c 'echo $xcl_1 >path; exec sleep 60' </dev/null & m=$!
  await 'test -s path'
  kill -$s $m; wait $m; echo $s=$?
  ls -A; rm path
done
echo "-- a utility that has its own idea"
xclate -m sh -c 'trap "echo bye | xclate last; exit 7" TERM; : >ready; while :; do sleep 0.02; done' </dev/null & m=$!
await 'test -e ready'
kill $m; wait $m; echo $?
rm ready
echo "-- one that does not end"
xclate -m sh -c 'trap ": >got" TERM; : >ready; while :; do sleep 0.02; done' </dev/null & m=$!
await 'test -e ready'
kill $m
await 'test -e got'
kill $m; wait $m; echo $?
rm ready got
echo "-- none at all"
xclate -m -u sock : & m=$!
await 'test -S sock'
kill $m; wait $m; echo $?
ls -A
echo "-- a client's command"
xclate -m sh -c 'xclate --status k sh -c "echo \$PPID >pid; exec sleep 60"; echo client=$? >&2' </dev/null & m=$!
await 'test -s pid'
kill $(cat pid); wait $m; echo $?
