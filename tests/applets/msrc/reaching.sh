# msrc M34: hosts that cannot be reached, waves, and what is told of them all.
. "$TESTS/msrc-ssh.sh"
real_hosts h1 h2 h3 h4 h5 h6 h7 h8 h9 h10
export T
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk
all_calls() { for h in h1 h2 h3 h4 h5 h6 h7 h8 h9 h10; do calls $h; done | tr '\n' ' '; echo; rm -f "$here"/ssh/calls/*; }

echo down >"$here/ssh/lines/h4"
run 'msrc M34: one of ten cannot be reached' <<'X'
msrc -C "$T" --keep-order -r 'HOST HXMD_STATUS' -K 'sort -k2n HXMD_0 | tail -2' 'echo $MSRC_HOST'
msrc -C "$T" --retries 0 : 2>&1 | sed 's/\(255, connect: h4\).*/\1/'
X
all_calls
run 'it comes back while it is tried again' <<'X'
cat >"$here/ssh/lines/h4" <<Y
[ -e $here/tried ] || { : >$here/tried; exit 1; }
Y
msrc -C "$T" -E HOST=h4 --report json 'echo up' | sed 's/,"seconds.*//'
X
all_calls
run 'after RUN was sent nothing is tried again' <<'X'
msrc -C "$T" -E HOST=h4 --retries 3 -r HXMD_STATUS -K 'cat HXMD_0' 'echo >>ran; exit 75'
wc -l <"$here/far/h4/app/ran"
X
all_calls
run 'canaries that are well; those that are not' <<'X'
msrc -C "$T" --canary 2 --report json : | sed 's/.*"status":\([0-9]*\).*/\1/' | sort | uniq -c
msrc -C "$T" --canary 2 --keep-order 'echo $MSRC_HOST; [ $MSRC_HOST != h2 ]'
X
all_calls
run 'not started is a status of its own' <<'X'
msrc -C "$T" --canary 1 -r 'HOST HXMD_STATUS' -K 'sort HXMD_0 | head -3' false
X
all_calls
run 'batches, and so many failures' <<'X'
msrc -C "$T" --batch 3 --max-fail 2 --keep-order 'echo $MSRC_HOST; case $MSRC_HOST in h[23]) exit 9 ;; esac'
msrc -C "$T" --batch 50% --max-fail 30% --keep-order 'echo $MSRC_HOST; case $MSRC_HOST in h[234]) exit 9 ;; esac'
X
all_calls
run 'words that are none' <<'X'
for o in '--canary x' '--batch 0' '--batch 101%' '--max-fail -1' '--retries x' '--report xml' '--connect-timeout x' '--lock-wait x' '--links x' '--identity /nowhere/key'; do
  msrc -C "$T" $o : 2>&1 | head -1
done
X
all_calls
run 'a host key that has changed' <<'X'
ssh-keygen -q -t ed25519 -N '' -f "$here/ssh/other_key"
sed -i "s|^HostKey.*|HostKey $here/ssh/other_key|" "$here/ssh/h1.conf"
msrc -C "$T" -E HOST=h1 --retries 0 -r HXMD_STATUS -K 'cat HXMD_0' echo not
msrc -C "$T" -E HOST=h1 --retries 0 echo not 2>&1 | tail -1
X
run 'a key that is not let in' <<'X'
: >"$here/ssh/authorized"
msrc -C "$T" -E HOST=h2 --retries 0 echo not 2>&1 | sed 's/: [^:]*: Permission denied.*/: ... Permission denied/' | tail -1
X
cp "$here/ssh/user_key.pub" "$here/ssh/authorized"
sed 1d "$T" >"$here/bare.cf"; T=$here/bare.cf
run 'a program that is no ssh' <<'X'
msrc -C "$T" -E HOST=h2 --retries 0 -DSSH=/nowhere/ssh echo not 2>&1 | tail -1
msrc -C "$T" -E HOST=h2 --retries 0 -DSSH=false echo not 2>&1 | tail -1
msrc -C "$T" -E HOST=h2 --retries 0 -DSSH='echo hello' echo not 2>&1 | tail -1
msrc -C "$T" -E HOST=h2 --retries 0 -DSSH='yes hello' echo not 2>&1 | tail -1
msrc -C "$T" -E HOST=h2 --retries 0 --connect-timeout 1s -DSSH='sh -c "exec sleep 9"' echo not 2>&1 | tail -1
X
