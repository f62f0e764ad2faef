# ptbw K14: a killed client gives its tokens back, and its command is killed
# with it.
. "$TESTS/lib.sh"
ptbw -m -J1 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -t pool sh -c 'trap "" TERM INT HUP; echo $$ >pid; while :; do sleep 1; done' & c=$!
await 'test -s pid'
kill -9 $c; wait $c 2>/dev/null
ptbw -t pool -A echo free
await '! kill -0 $(cat pid)'
echo "-- while it waits"
ptbw -t pool sh -c '. "$TESTS/lib.sh"; : >held; await "test -e go"' & h=$!
await 'test -e held'
ptbw -t pool echo never & w=$!
await 'ls -l /proc/'$w'/fd | grep -q socket'
kill -9 $w; wait $w 2>/dev/null
: >go; wait $h; echo holder=$?
ptbw -t pool -A echo free
echo "-- with --keep the command goes on, and keeps its token"
rm -f pid
ptbw -t pool --keep sh -c 'echo $$ >pid; exec sleep 60' & k=$!
await 'test -s pid'
kill -9 $k; wait $k 2>/dev/null
ptbw -t pool --try true; echo try=$?
kill $(cat pid)
ptbw -t pool --wait=20s -A echo free
kill $m; wait $m; echo rc=$?
ls -A
