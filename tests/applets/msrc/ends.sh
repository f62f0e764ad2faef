# What ends a run before its time leaves nothing behind.
. "$TESTS/msrc.sh"

run 'a signal ends hosts that run, and removes their folders' <<'X'
msrc -l -P2 -C "$T" 'echo >>'"$here"'/started; sleep 60' &
. "$TESTS/lib.sh"
await "test \$(wc -l <$here/started) = 2"
kill -TERM $!
wait $!
echo $?
ls -d "$here"/hxtf* 2>/dev/null
X
run 'make is ended with us' <<'X'
printf 'INTO=x\n__msrc: slow\nslow:\n\t@echo >%s/slow; sleep 60\n' "$here" >slow.mk
msrc -f slow.mk -C "$T" : &
. "$TESTS/lib.sh"
await "test -e $here/slow"
kill -TERM $!
wait $!
echo $?
ls -d "$here"/hxtf* 2>/dev/null
X
run 'a file that cannot be read' <<'X'
[ "$(id -u)" != 0 ] || { mkdir sub; ln -s sub/gone gone; }
msrc -C "$T" -E SHORT=beta -y 'SEND=plain.txt gone' : 2>&1 | grep gone
X
run 'a file that goes while it is sent' <<'X'
msrc -C "$T" -E SHORT=beta -DINIT_CMD='rm plain.txt' -r HXMD_STATUS \
  -K 'cat HXMD_0' echo not 2>&1
echo plain >plain.txt
msrc --transport tar -C "$T" -E SHORT=beta -DINIT_CMD='rm plain.txt' \
  -r HXMD_STATUS -K 'cat HXMD_0' echo not 2>&1 | grep -v tar:
X
run 'a run that cannot be recorded goes on, and says so once' <<'X'
echo plain >plain.txt; rm -f gone
XDG_STATE_HOME=/dev/null msrc --transport tar -C "$T" --keep-order 'echo $MSRC_HOST HOST'
XDG_STATE_HOME=/dev/null msrc --history
X
