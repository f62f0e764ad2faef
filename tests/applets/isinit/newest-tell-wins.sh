# isinit 37: a tell during a change of level takes its place.
. "$TESTS/lib.sh"
cat >tab <<T
g:a:1:wait:sleep 1006
g:b:2:respawn:exec sleep 1007
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=20s g 1 >first 2>&1 &
first=$!
await 'pgrep -f "^sleep 1006$"'
i tell --wait=5s g 2
wait $first
echo "code $?"
cat first
pgrep -f '^sleep 1006$' || echo none
