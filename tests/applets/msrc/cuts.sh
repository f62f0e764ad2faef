# A connection that is cut at each phase, and a far side that is killed: the
# tree there is the old one or the new one, and the next run mends all of it,
# with the contents that have come already.
. "$TESTS/msrc-ssh.sh"
real_hosts h1
export T
app=$here/far/h1/app
export app
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt big\n' >Msrc.mk
head -c 4000000 /dev/urandom >big
cp big "$here/old-big"
# What is told may be ssh's word or ours: the phase and the status are enough.
cat >"$here/phase" <<'X'
msrc -C "$T" --retries 0 "$@" 2>&1 | sed -n 's/^msrc: \(status [0-9]*, [a-z]*: h1\).*/\1/p'
X

run 'cut while it connects' <<'X'
echo 'out 1' >$here/ssh/lines/h1
sh $here/phase echo not
X
run 'cut while the receiver is brought' <<'X'
echo 'in 100' >$here/ssh/lines/h1
sh $here/phase echo not
X
run 'nothing of it is kept' <<'X'
find "$here/far/h1" ! -type d
X
rm "$here/ssh/lines/h1"
run 'the next run brings it' <<'X'
msrc -C "$T" 'cmp big '"$here/old-big"' && echo same'
X
echo changed >plain.txt
head -c 16000000 /dev/urandom >big
run 'cut while contents are on their way' <<'X'
echo 'in 100' >$here/ssh/lines/h1
sh $here/phase echo not
cat $app/plain.txt
cmp $app/big $here/old-big && echo the old one
rm $here/ssh/lines/h1
X
run 'the next run does it' <<'X'
msrc -C "$T" "cat plain.txt; cmp big $PWD/big && echo the new one"
X
left h1
# The functions, for a utility and a hook.
sed -n '/^far_kill/,/^}/p; /^cut_line/,/^}/p' "$TESTS/msrc-ssh.sh" >"$here/kills"
echo "here=$here" >>"$here/kills"
# What it prints has come: so has all that was told before it.
cat >"$here/while" <<'X'
. "$TESTS/lib.sh"
rm -f $here/said $here/pid
msrc -C "$T" --retries 0 "$1" >$here/said 2>&1 &
await "grep -q ^up $here/said"
eval "$2"
wait $!
sed -n 's/^msrc: \(status [0-9]*, [a-z]*: h1\).*/\1/p' $here/said
X
run 'cut while the utility runs: it hears of it' <<'X'
sh $here/while "trap 'echo hup >$here/hup; exit' HUP; echo up; sleep 30 & wait" ". $here/kills; cut_line"
. "$TESTS/lib.sh"
await "test -s $here/hup"
cat $here/hup
X
run 'the receiver is killed while the utility runs' <<'X'
sh $here/while "echo \$PPID >$here/pid; echo up; exec sleep 1" "kill -9 \$(cat $here/pid)"
X
run 'the far side is killed once all is in place, before the utility' <<'X'
echo again >plain.txt
msrc -C "$T" -E HOST=h1 -DPRE_CMD=". $here/kills; far_kill h1" -r HXMD_STATUS \
  -K 'cat HXMD_0' echo not 2>&1 | sed 's/h1: run: .*/h1: run: .../'
msrc -C "$T" 'cat plain.txt'
X
mkdir many
n=1000; while [ $n -lt 1800 ]; do echo old >many/$n; n=$((n + 1)); done
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=many/*\n' >Msrc.mk
run 'killed while it is applied: each file is the old or the new' <<'X'
msrc -C "$T" :
for f in many/*; do echo new >$f; done
sh $here/phase echo done >$here/said 2>&1 &
# At once when the first file is new.
n=0
until grep -q new $app/many/1000 || [ $n = 20000 ]; do n=$((n + 1)); done
. $here/kills; far_kill h1
wait $!
sort -u $app/many/* | grep -v -e '^old$' -e '^new$'
ls $app/many | wc -l
msrc -C "$T" 'cat many/* | uniq -c; ls -A'
X
left h1
