# msrc M35, and other ends before their time: --timeout, --detach, --attach.
. "$TESTS/msrc-ssh.sh"
real_hosts h1 h2 h3
export T here
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk
msrc -C "$T" : 2>/dev/null
gone() { find "$here/far" "$here" -maxdepth 3 -name '.msrc-*' -o -name 'hxtf*' | sed "s|$here|HERE|"; }
trapping='trap "echo term >../term; exit 3" TERM; echo $$ >../up; sleep 30 & wait'
export trapping

run 'msrc M35: an interrupt ends the utilities there' <<'X'
. "$TESTS/lib.sh"
env --default-signal=INT msrc -P2 -C "$T" "$trapping" &
await "test -s $here/far/h1/up && test -s $here/far/h2/up"
kill -INT $!
wait $!
echo "ended $?"
cat $here/far/*/term
ls $here/far/h3
X
gone
rm -f "$here"/far/*/up "$here"/far/*/term
run 'msrc M35: with hooks' <<'X'
. "$TESTS/lib.sh"
msrc -P2 -C "$T" -DPRE_CMD=: -DPOST_CMD='echo not' "$trapping" &
await "test -s $here/far/h1/up && test -s $here/far/h2/up"
kill -TERM $!
wait $!
echo "ended $?"
await "test -s $here/far/h1/term && test -s $here/far/h2/term"
cat $here/far/*/term
X
gone
rm -f "$here"/far/*/up "$here"/far/*/term
run 'an interrupt while contents are on their way' <<'X'
. "$TESTS/lib.sh"
head -c 30000000 /dev/urandom >big
env --default-signal=INT msrc -C "$T" -E HOST=h1 -y SEND='plain.txt big' echo not 2>/dev/null &
await "ls -d $here/far/h1/app/.msrc-* || test -e $here/far/h1/app/big"
kill -INT $!
wait $!
[ $? = 130 ] || [ -e $here/far/h1/app/big ] && echo ended
await "! ls -d $here/far/h1/app/.msrc-*"
rm big
X
gone
run 'a second interrupt does not wait' <<'X'
. "$TESTS/lib.sh"
env --default-signal=INT msrc -C "$T" -E HOST=h1 'exec 2>/dev/null; trap "echo >../term" TERM; echo $$ >../up; while :; do sleep 1; done' &
await "test -s $here/far/h1/up"
kill -INT $!
await "test -s $here/far/h1/term"
kill -INT $!
wait $!
echo "ended $?"
X
rm -f "$here"/far/*/up "$here"/far/*/term
run '--timeout' <<'X'
msrc -C "$T" -E HOST=h1 --timeout 1s -r HXMD_STATUS -K 'cat HXMD_0' 'sleep 30'
msrc -C "$T" -E HOST=h1 --timeout 1s -r HXMD_STATUS -K 'cat HXMD_0' -DPRE_CMD=: 'sleep 30'
msrc -C "$T" -E HOST=h1 --timeout 20s echo in time
X
run '--detach, and --attach' <<'X'
. "$TESTS/lib.sh"
mkfifo $here/go
msrc -C "$T" -E HOST=h1 --detach "read -r go <$here/go; echo \$go >&2; exit 7" >$here/said 2>&1
echo "left $?"
run=$(sed -n 's/.*the run is \([^ ]*\): .*/\1/p' $here/said)
sed "s/$run/RUN/" $here/said
echo on >$here/go
msrc -C "$T" -E HOST=h1 -r HXMD_STATUS -K 'cat HXMD_0' --attach=$run
msrc -C "$T" -E HOST=h1 --attach=$run 2>&1 | tail -1 | sed "s/run [0-9a-f]*:/run RUN:/"
X
run '--mux: one handshake for several runs' <<'X'
export XDG_RUNTIME_DIR=$here/rt; mkdir -m 700 $XDG_RUNTIME_DIR
rm -f $here/ssh/calls/h1
msrc -C "$T" -E HOST=h1 --mux echo one
msrc -C "$T" -E HOST=h1 --mux echo two
wc -l <$here/ssh/calls/h1
for s in $XDG_RUNTIME_DIR/fleetbox/*; do ssh -F $here/ssh/config -o ControlPath=$s -O exit h1 2>&1; done
X
