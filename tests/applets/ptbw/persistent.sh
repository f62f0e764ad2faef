# ptbw K11: a persistent pool: -N, several clients, -Q, status 76.
. "$TESTS/lib.sh"
printf '# pool\nred\ngreen\n\nblue\n' >tags
ptbw -m -t tags -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -t $PWD/pool -A echo; ptbw -t $PWD/pool -A echo
ptbw -Q -t $PWD/pool -R0 true
wait $m; echo rc=$?; ls pool 2>&1 | tail -1
ptbw -m --legacy-status -J1 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -Q -t $PWD/pool -R0 true
wait $m; echo rc=$?

# ptbw K12: -Q waits for the clients that hold tokens.
ptbw -m -J1 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -t pool sh -c '. "$TESTS/lib.sh"; : >held; await "test -e go"; echo client done' & c=$!
await 'test -e held'
ptbw -Q -t $PWD/pool -R0 true; echo asked
: >go
wait $m; echo rc=$?; wait $c; echo all

# ptbw K13: -Q to a pool that is not persistent is ignored.
ptbw -m -J1 ptbw -Q -A echo; echo rc=$?

# Without a command -Q is asked at once.
ptbw -m -J1 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -Q -t pool | tail -n 1 | tr '\t' ' '; wait $m; echo rc=$?
