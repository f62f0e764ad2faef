# make demo: two jobs that succeed and one that fails, as it is told; nothing is
# left behind.
BIN=$(command -v fleetbox) "$TESTS/demo/run" >out 2>&1
code=$?
[ "$code" = 0 ] || { cat out; exit "$code"; }
grep -e '^== ' -e '^named.conf:' -e '^Subject:' out
grep -c '^1\..* on .*: done' out
grep -o '^mcfeely-inject: job 2 failed: .*' out
ls
