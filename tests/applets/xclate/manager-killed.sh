# When the manager is killed, those who wait are told; who holds the stream
# goes on.
. "$TESTS/lib.sh"
xclate -m -u sock : >out & m=$!
await 'test -S sock'
mkfifo hold
xclate -u sock holder <hold & h=$!
exec 7>hold
echo one >&7
await 'grep -q one out'
echo w | xclate -u sock waiting 2>err & w=$!
await 'test $(ls -l /proc/'$m'/fd | grep -c socket) = 3'
kill -9 $m; wait $m 2>/dev/null
wait $w; echo waiting=$?
cat err
echo two >&7
exec 7>&-
wait $h; echo holder=$?
cat out
echo x | timeout 20 xclate -u sock late; echo late=$?
