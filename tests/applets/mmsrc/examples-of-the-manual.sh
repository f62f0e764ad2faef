# The examples of mmsrc(8).
. "$TESTS/msrc.sh"
cp "$T" fleet.cf

run 'a folder for this host' <<'X'
# Where a test may write.
sed "s|/tmp|$here|" <<'Y' | sh
mmsrc -C fleet.cf -y INTO=/tmp/mmsrc.example :
Y
cat "$here/mmsrc.example/motd"
X
run 'what a recipe says' <<'X'
mmsrc -b -f Msrc.mk SEND
X
