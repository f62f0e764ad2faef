# isinit 5, 6, 7: an entry that is killed, or ends well, is there again, in
# every group.
. "$TESTS/lib.sh"
cat >tab <<T
g:a:1:respawn:echo \$\$ >>$PWD/a; exec sleep 1000
g:ok:1:respawn,limit=50/1s:echo run >>$PWD/ok; read x <$PWD/go
h:b:1:respawn:echo \$\$ >>$PWD/b; exec sleep 1000
T
mkfifo go
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
i tell --wait=30s h 1
await 'test -s a && test -s b && test -s ok'
kill -9 "$(cat a)"
await 'test $(wc -l <a) = 2'
kill -9 "$(cat b)"
await 'test $(wc -l <b) = 2'
echo go >go
await 'test $(wc -l <ok) = 2'
test "$(head -n 1 a)" != "$(tail -n 1 a)" && echo another pid
i -v g 1
