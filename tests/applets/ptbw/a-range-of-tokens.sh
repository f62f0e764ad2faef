# -R MIN..MAX takes what is free, and waits for MIN only.
. "$TESTS/lib.sh"
ptbw -m -J3 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -t pool -R1..9 -A echo
ptbw -t pool -R0..2 -A echo
ptbw -t pool sh -c '. "$TESTS/lib.sh"; : >held; await "test -e go"' & h=$!
await 'test -e held'
ptbw -t pool -R2..3 -A echo | wc -w
ptbw -t pool --try -R1..3 -A echo | wc -w
ptbw -t pool --try -R3..5 true; echo rc=$?
ptbw -t pool -R4..5 true; echo rc=$?
: >go; wait $h
ptbw -t pool -R2..3 -A echo | wc -w
kill $m; wait $m
