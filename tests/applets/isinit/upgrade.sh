# isinit 36: the server executes itself anew: the same pids, no lost line, a
# client that waits gets its answer; a new executable that is no good changes
# nothing.
. "$TESTS/lib.sh"
cp "$(command -v isinit)" ./fleetbox
chmod 755 fleetbox
mkfifo go
cat >tab <<T
g:a:1:respawn:echo \$\$ >>$PWD/pids; while :; do echo line \$((n = n + 1)); read x <$PWD/go; done
h:b:1:wait:cat $PWD/gate
T
mkfifo gate
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve ./fleetbox isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
i tell --wait=30s h 1 >waiter 2>&1 &
waiter=$!
await 'i status b | grep -q up'
await 'i log a | grep -q "line 1"'
i upgrade
echo x >go
await 'i log a | grep -q "line 2"'
wc -l <pids
kill -0 $served && echo the same server
grep -c 'entry.adopted.*tag=a' serve.1.log
echo x >gate
wait $waiter
echo "code $?"
cat waiter
printf '#!/bin/sh\nexit 3\n' >bad
chmod 755 bad
mv bad fleetbox
i upgrade 2>&1 | sed "s|$PWD/||"
echo x >go
await 'i log a | grep -q "line 3"'
wc -l <pids
