# isinit 38: status and logs that cannot be written hold up nothing; it is said,
# and writing goes on when it can.
. "$TESTS/lib.sh"
[ "$(id -u)" = 0 ] || skip 'needs root'
mkdir full
mount -t tmpfs -o size=64k none full 2>/dev/null || skip 'needs mounts'
trap 'unserve_all; umount full' EXIT
cat >tab <<T
g:a:1:respawn:echo \$\$ >>$PWD/pids; while read x; do echo \$x; done <>$PWD/talk
:::initstat:$PWD/full/initstat
:::log:$PWD/full/log
T
mkfifo talk
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
trap 'unserve_all; umount full' EXIT
i tell --wait=30s g 1
await 'test -s pids'
head -c 200000 /dev/zero >full/filler 2>/dev/null
rm -f full/initstat
kill -9 "$(head -n 1 pids)"
await 'test $(wc -l <pids) = 2'
echo lost >talk
await 'i status | grep -q "No space left"'
i status | grep -o 'No space left on device' | sort -u
rm full/filler
kill -9 "$(tail -n 1 pids)"
await 'test $(wc -l <pids) = 3'
await 'grep -q run full/initstat'
await '! i status | grep -q trouble:.*initstat'
echo kept >talk
await 'grep -q kept full/log/a.log'
i status a | awk 'NR == 3 { print $1, $3 }'
