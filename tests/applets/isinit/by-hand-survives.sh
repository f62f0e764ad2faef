# isinit 35, 36: what was started or stopped by hand stays so when the server is
# killed, or executes itself anew; what a finished entry left behind is stopped
# in its time.
. "$TESTS/lib.sh"
cat >tab <<T
g:runs:1:respawn:exec sleep 1006.$$
g:stopped:1:respawn:exec sleep 1007.$$
g:started:2:respawn:exec sleep 1008.$$
g:leaves:1:once:setsid sleep 1009.$$ >/dev/null 2>&1 &
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
states() {
  for tag in runs stopped started leaves; do
    i status $tag | grep -o ' \(up\|idle\|finished\) ' | sed "s/^/$tag/"
  done
  for n in 1006 1007 1008 1009; do
    echo "sleep $n: $(pgrep -fc "^sleep $n.$$\$")"
  done
}
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
await 'i status leaves | grep -q finished'
i stop stopped
i start started
states
echo "-- killed"
kill -9 $served
await '! kill -0 $served'
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
states
echo "-- anew"
i upgrade
states
echo "-- told"
i tell --wait=30s g 2
states
i -k
