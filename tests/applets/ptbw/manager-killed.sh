# When the manager is killed, those who wait end, and those who hold tokens are
# told; what they run goes on.
. "$TESTS/lib.sh"
ptbw -m -J1 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -t pool sh -c '. "$TESTS/lib.sh"; : >held; await "test -e go"; echo done; exit 3' 2>herr & h=$!
await 'test -e held'
ptbw -t pool echo never 2>err & w=$!
await 'test $(ls -l /proc/'$m'/fd | grep -c socket) = 3'
kill -9 $m; wait $m 2>/dev/null
wait $w; echo waiting=$?; cat err
await 'test -s herr'
: >go
wait $h; echo holder=$?; cat herr
ptbw -t pool true; echo late=$?
