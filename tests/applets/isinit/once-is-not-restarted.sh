# isinit 4: what a once entry does behind the level's back, and only once.
. "$TESTS/lib.sh"
mkfifo first second
cat >tab <<T
g:a:1:once:echo 1 >>$PWD/out; cat $PWD/first >/dev/null; echo 3 >>$PWD/out
g:b:1:wait:cat $PWD/second >/dev/null; echo 2 >>$PWD/out
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i g 1
await 'grep -q 1 out'
echo go >second
i wait --timeout 10s g run
echo go >first
await 'grep -q 3 out'
await "i status a | grep -q finished"
i tell --wait=30s g 1
cat out
