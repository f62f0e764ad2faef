# The examples of isinit-boot(7). That the image boots is for tests/boot to show.
. "$TESTS/lib.sh"
unshare -Urpf --mount-proc true 2>/dev/null || skip 'no namespaces here'
cp "$BIN" fleetbox
cat >isinittab <<'T'
rescue:console:1:askfirst,tty=/dev/console:/bin/fleetbox isinit shell
:::boot:rescue 1
T
mkdir -p image/etc image/bin
cp fleetbox image/bin/
ln -s bin/fleetbox image/init
cp isinittab image/etc/
# cpio is installed for the boots only.
if command -v cpio >/dev/null; then
  (cd image && find . | cpio -o -H newc) >rescue.cpio
else
  (cd image && find .) >rescue.cpio
fi 2>/dev/null
[ -s rescue.cpio ] && echo packed
cat isinittab
isinit check isinittab

cat >isinittab <<'T'
app:main:1:once:exit 4
:::boot:app 1
:::mounts:none
:::opt:main essential
T
mkdir -p root/etc root/run
cp fleetbox isinittab root/
unshare -Urpf --mount-proc ./fleetbox isinit -r root/run -c isinittab 2>log
echo "code $?"
unshare -Urpf ./fleetbox isinit -- sh -c 'exit 3'
echo "code $?"
