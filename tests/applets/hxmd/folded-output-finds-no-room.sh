# --fold keeps all output until the end: when the disk has no room for it, the
# run ends, and says so and what to do.
. "$TESTS/lib.sh"
[ "$(id -u)" = 0 ] || skip 'mounting a small disk needs root'
mkdir small
mount -t tmpfs -o size=1M none small || skip 'a small disk cannot be mounted'
trap 'umount small' EXIT
printf '%%HOST\nweb1\nweb2\nweb3\n' >hosts
TMPDIR=$PWD/small hxmd -P1 -C hosts -L 512 --fold 'seq 100000; echo HOST'
echo "$?"
# Equal output takes room once: what is kept, and what is yet to be compared.
TMPDIR=$PWD/small hxmd -P1 -C hosts -L 512 --fold 'seq 70000' | wc -l
