# isinit 44: process 1 that crashes is there again, with the same children.
. "$TESTS/lib.sh"
unshare -Urpf --mount-proc true 2>/dev/null || skip 'no namespaces here'
cat >tab <<T
g:a:1:respawn:echo \$GIVEN \$(ulimit -n) >>$PWD/starts; exec sleep 1008
:::boot:g 1
:::mounts:none
:::opt:a env-pass=GIVEN
T
mkdir run
ulimit -Sn 600
GIVEN=kept unshare -Urpf --mount-proc isinit -c "$PWD/tab" -r run >log 2>&1 &
pid=$!
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
ready() { [ "$(grep -c isinit.ready log)" = "$1" ]; }
await 'test -s starts && ready 1'
inside=$(pgrep -P $pid)
child=$(pgrep -P "$inside")
same() {
  [ "$(pgrep -P $pid) $(pgrep -P "$inside")" = "$inside $child" ] && echo same
}
began=$(date +%s%N)
kill -SEGV "$inside"
await 'ready 2'
i wait --timeout 5s g run
# Promised are 100 ms on an idle machine.
ms=$((($(date +%s%N) - began) / 1000000))
[ $ms -lt 3000 ] || echo "after $ms ms"
same

echo "--- what dies afterwards is started again, with what was passed on"
kill -9 "$child"
await 'test "$(wc -l <starts)" = 2'
cat starts

echo "--- one that was executed anew may crash as well, and is counted afresh"
child=$(pgrep -P "$inside")
i upgrade
await 'ready 3'
kill -ABRT "$inside"
await 'ready 4'
same
i restart a
await 'test "$(wc -l <starts)" = 3'
tail -n 1 starts

echo "--- three crashes in a minute are the end of a container"
kill -BUS "$inside"
await 'ready 5'
kill -FPE "$inside"
wait $pid
echo "code $?"
tail -n 1 log
