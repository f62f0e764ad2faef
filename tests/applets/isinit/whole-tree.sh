# isinit 25, 26: a stop ends everything an entry has started, in sessions of
# their own and behind a double fork, too.
. "$TESTS/lib.sh"
cat >tab <<T
g:tree:1:respawn:sleep 1001 & setsid sleep 1001 & wait
d:server:1:once:setsid sh -c 'sleep 1002 & sleep 1002 &' & exit 0
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
count() { pgrep -fc "^sleep $1\$"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
i tell --wait=30s d 1
await 'test $(count 1001) = 2 && test $(count 1002) = 2'
i tell --wait=30s g 0
i tell --wait=30s d 0
echo "$(count 1001) $(count 1002)"
