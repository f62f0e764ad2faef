# isinit 2: a wait holds up its own group, and no other.
. "$TESTS/lib.sh"
mkfifo go
cat >tab <<T
g:a:3:wait:cat $PWD/go
h:b:1:respawn:sleep 1000
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i g 3
i tell --wait=30s h 1
i -v h 1
echo done >go
i wait --timeout 10s g run
