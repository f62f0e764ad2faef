# isinit 42: when the essential entry of a container has ended for good, the rest
# is stopped, and process 1 ends with its code.
. "$TESTS/lib.sh"
unshare -Urpf --mount-proc true 2>/dev/null || skip 'no namespaces here'
cat >tab <<T
g:first:1:respawn:trap 'echo first >>$PWD/stopped; exit 0' TERM; echo x >$PWD/up; while :; do sleep 0.05; done
g:main:1:respawn:read x <$PWD/go; exit 3
:::boot:g 1
:::mounts:none
:::opt:main essential after=first max-restarts=0
T
mkfifo go
mkdir run
unshare -Urpf --mount-proc isinit -c "$PWD/tab" -r run >log 2>&1 &
pid=$!
await 'test -s up'
echo go >go
wait $pid
echo "code $?"
cat stopped

echo "--- its code may be taken for another"
sed -i 's/max-restarts=0/& exit-codes=3:0/' tab
rm -f up stopped
unshare -Urpf --mount-proc isinit -c "$PWD/tab" -r run >log 2>&1 &
pid=$!
await 'test -s up'
echo go >go
wait $pid
echo "code $?"
cat stopped
