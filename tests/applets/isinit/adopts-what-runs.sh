# isinit 35: a server that comes after one that was killed takes over what runs,
# starts again what died in between, and loses no line.
. "$TESTS/lib.sh"
seq 50 | sed "s|.*|g:t&:1:respawn:echo \$\$ >>$PWD/pids; exec sleep 1005|" >tab
mkfifo talk
echo "g:talks:1:respawn:while read x; do echo said \$x; done <>$PWD/talk" >>tab
echo "g:done:1:wait:echo x >>$PWD/waited" >>tab
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
await 'test $(wc -l <pids) = 50'
kill -9 $served
await '! kill -0 $served'
echo between >talk
kill -9 "$(head -n 1 pids)"
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
await 'test $(wc -l <pids) = 51'
pgrep -fc '^sleep 1005$'
echo after >talk
await 'i log talks | grep -q after'
i log talks | sed 's/^[^ ]* //'
wc -l <waited
i -k
pgrep -f '^sleep 1005$' || echo none
