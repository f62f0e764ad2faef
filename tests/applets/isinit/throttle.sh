# isinit 21, 22: an entry that ends at once is started five times, then not for
# its pause, which a timer ends; others of its group are not concerned.
. "$TESTS/lib.sh"
cat >tab <<T
g:quick:1:respawn,pause=1s:echo x >>$PWD/out
g:other:1:respawn:echo \$\$ >>$PWD/pids; exec sleep 1000
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i g 1
await 'i status quick | grep -q paused'
wc -l <out
i status quick | grep -o 'paused\|starts again'
kill -9 "$(head -n 1 pids)"
await 'test $(wc -l <pids) = 2'
await 'test $(wc -l <out) -ge 10'
grep -c 'throttled.*quick' serve.1.log | sed 's/[1-9][0-9]*/some/'
