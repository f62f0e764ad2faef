# --try does not wait, --wait not for ever.
. "$TESTS/lib.sh"
ptbw -m -J2 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -t pool sh -c '. "$TESTS/lib.sh"; : >held; await "test -e go"' & h=$!
await 'test -e held'
ptbw -t pool --try -A echo; echo rc=$?
ptbw -t pool --try -R2 true; echo rc=$?
ptbw -t pool --wait=50ms -R2 true; echo rc=$?
ptbw -t pool --wait=0 -R2 true; echo rc=$?
ptbw -t pool --try -R3 true; echo rc=$?
ptbw -t pool --wait=1h -R3 true; echo rc=$?
ptbw -t pool --wait=30s -R2 -A echo both & w=$!
: >go
wait $w; wait $h
ptbw -t pool | tail -n +4 | tr '\t' ' '
echo "-- nor for a pool that is stopped"
kill -STOP $m
timeout 9 ptbw -t pool --try true; echo rc=$?
kill -CONT $m
kill $m; wait $m; echo rc=$?
