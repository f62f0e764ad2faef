# isinit 41: SIGTERM to the first process of a container stops its entries, the
# last of the table first, and it ends with the code of the essential one.
. "$TESTS/lib.sh"
unshare -Urpf --mount-proc true 2>/dev/null || skip 'no namespaces here'
entry() {
  echo "g:$1:1:respawn:trap 'echo $1 >>$PWD/stopped; exit $2' TERM; echo x >$PWD/up-$1; while :; do sleep 0.05; done"
}
{
  entry one 0
  entry two 5
  entry three 0
  echo ":::boot:g 1"
  echo ":::mounts:none"
  echo ":::opt:two essential after=one"
  echo ":::opt:three after=two"
} >tab
mkdir run
for signal in TERM INT PWR RTMIN+3; do
  rm -f up-* stopped
  unshare -Urpf --mount-proc isinit -c "$PWD/tab" -r run >log 2>&1 &
  pid=$!
  await 'test -s up-one && test -s up-two && test -s up-three'
  kill -"$(kill -l "$signal" 2>/dev/null || echo 37)" "$(pgrep -P $pid)"
  wait $pid
  echo "$signal: code $?," $(cat stopped)
done
