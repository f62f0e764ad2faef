# -p: the manager waits for a process that runs already.
. "$TESTS/lib.sh"
mkfifo gate
sh -c 'read x <gate; exit 5' & p=$!
xclate -m -p $p -u sock & m=$!
await 'test -S sock'
echo in | xclate -u sock k
echo >gate
wait $m; echo done
xclate -m -p 4194304; echo rc=$?
