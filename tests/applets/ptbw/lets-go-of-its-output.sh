# Whoever reads the manager's output does not wait for it.
. "$TESTS/lib.sh"
timeout 10 sh -c 'ptbw -m -N $PWD/pool : & echo $! >pid' | cat; echo read
await 'test -S pool'
await 'test "$(readlink /proc/$(cat pid)/cwd)" = /'
ptbw -t pool -A echo
kill $(cat pid)
await '! test -e pool'
