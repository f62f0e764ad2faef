# isinit 27: many entries are stopped at once, and -k returns when they and the
# server are gone.
. "$TESTS/lib.sh"
seq 200 | sed 's|.*|g:t&:1:respawn:exec sleep 1004|' >tab
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=20s g 1
await 'test $(pgrep -fc "^sleep 1004$") = 200'
i -k
pgrep -f '^sleep 1004$' || echo none
test -e run/init.s || echo no socket
