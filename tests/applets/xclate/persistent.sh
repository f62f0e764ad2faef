# xclate J18: a persistent manager, a client by socket, a graceful stop.
. "$TESTS/lib.sh"
xclate -m -u ./sock -O '>o3' : &
await 'test -S sock'
echo hello | xclate -u ./sock k
xclate -Q -u ./sock z echo bye </dev/null
wait $!; echo rc=$?
cat o3
ls sock 2>&1
# A living manager's socket is not taken, a dead one's is.
xclate -m -u sock : & m=$!
await 'test -S sock'
xclate -m -u sock true 2>&1; echo rc=$?
test -S sock && echo there
kill -9 $m; wait $m 2>/dev/null
test -S sock && echo left behind
xclate -m -u sock sh -c 'echo alive | xclate k'
ls
