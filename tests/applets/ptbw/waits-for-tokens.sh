# ptbw K7: asking for more than there are fails, for more than are free waits.
ptbw -m -J2 ptbw -R3 true; echo rc=$?
cat >script <<'S'
. "$TESTS/lib.sh"
ptbw -R2 sh -c '. "$TESTS/lib.sh"; : >held; await "test -e asked"; echo first' &
await 'test -e held'
ptbw sh -c 'echo second' & c=$!
await 'ls -l /proc/'$c'/fd | grep -q socket'
: >asked
wait
S
ptbw -m -J2 sh script
