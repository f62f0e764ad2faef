# An entry that can never start, and may be tried without a rest: who asks is
# answered all the while, and others are started.
. "$TESTS/lib.sh"
cat >tab <<T
g:no:1:respawn,limit=1000/1ms:/nonexistent/program
g:yes:1:respawn:echo \$\$ >>$PWD/yes; exec sleep 1000
T
i() { timeout 10 isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell g 1
await 'test -s yes'
i status no | grep -o '/nonexistent/program: No such file or directory' | head -1
kill -9 "$(cat yes)"
await 'test $(wc -l <yes) = 2'
i -k
