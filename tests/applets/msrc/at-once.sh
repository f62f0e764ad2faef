# Two runs at once to one host and folder: one waits for the other, or gives up.
. "$TESTS/msrc-ssh.sh"
real_hosts h1
export T here
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk
msrc -C "$T" : 2>/dev/null
command -v flock >/dev/null || skip 'there is no flock'
run 'somebody else is at it: --lock-wait' <<'X'
echo changed >plain.txt
flock $here/far/h1/app msrc -C "$T" --lock-wait 1s --retries 0 echo not
cat $here/far/h1/app/plain.txt
msrc -C "$T" 'cat plain.txt'
X
run 'between update and utility nobody waits' <<'X'
msrc -C "$T" -DPRE_CMD="msrc -C $T --lock-wait 1s echo inner" echo outer
X
run 'many at once: all of them are done, one after the other' <<'X'
for n in 1 2 3 4 5 6; do
  mkdir -p $here/src/$n; echo $n >$here/src/$n/a; echo $n >$here/src/$n/b
  printf 'INTO=both\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=a b\n' >$here/src/$n/Msrc.mk
done
for n in 1 2 3 4 5 6; do
  (cd $here/src/$n && msrc -C "$T" 'cmp a b && echo done') &
done
wait
cmp $here/far/h1/both/a $here/far/h1/both/b && ls -A $here/far/h1/both
X
run 'the same folder twice in one run' <<'X'
printf 'SSH="%s"\n%%HOST WHO\nh1 one\nH1.again two\n' "ssh -F $here/ssh/config" >$here/two.cf
sed 's/^Host \*/Host H1.again\n  HostName h1\n&/; s/ %n$/ h1/' $here/ssh/config >$here/ssh/config2
sed -i 's/config"/config2"/' $here/two.cf
msrc -C $here/two.cf --keep-order 'echo $MSRC_HOST'
X
