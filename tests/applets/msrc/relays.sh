# --relay: hosts that are called by other hosts, over real connections; only the
# relays are called from here.
. "$TESTS/msrc-ssh.sh"
real_hosts r1 r2 h1 h2 h3 h4 h5
export T here
sed -i '/^r[12]$/d' "$T"
printf 'INTO=app\nMAP=name.host\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt big\n' >Msrc.mk
echo HOST >name.host
head -c 6000000 /dev/urandom >big
# What goes to r1 is counted, with all that its ssh has to say.
echo "tee -a $here/to.r1 | \$sshd; exit" >"$here/ssh/lines/r1"
R="--relay-ssh=ssh -F $here/ssh/config"
export R
called() { for host in r1 r2 h1 h2 h3 h4 h5; do echo "$host $(calls $host)"; done | xargs; }
# Whose command line is the caller's: the relays', but for the relays.
run 'two relays serve five hosts, each its share' <<'X'
msrc -C "$T" -P5 --relay r1,r2 "$R" --keep-order 'echo $(cat name), $(wc -c <big)'
X
called
run 'what goes to many crosses the line to their relay once' <<'X'
: >$here/to.r1
head -c 6000000 /dev/urandom >big
msrc -C "$T" -P5 --relay r1 "$R" 'cmp big '"$PWD/big"' && echo whole'
size=$(stat -c %s $here/to.r1)
test $size -gt 6000000 && test $size -lt 9000000 && echo once || echo $size
# And one behind the other: the relay keeps it.
: >$here/to.r1
head -c 6000000 /dev/urandom >big
msrc -C "$T" -P1 --relay r1 "$R" :
size=$(stat -c %s $here/to.r1)
test $size -gt 6000000 && test $size -lt 9000000 && echo once || echo $size
X
run 'executables, too' <<'X'
rm -rf $here/far/*/.cache
msrc -C "$T" -E HOST=h1 --relay r1 "$R" :
one=$(stat -c %s $here/to.r1)
rm -rf $here/far/h?/.cache
: >$here/to.r1
msrc -C "$T" -P5 --relay r1 "$R" --report json : | grep -c '"bootstrapped":true'
size=$(stat -c %s $here/to.r1)
test $size -gt 1000000 && test $((size / 2)) -lt $((one / 2)) && echo once || echo $size of $one
X
run 'the next run brings nothing' <<'X'
: >$here/to.r1
msrc -C "$T" -P5 --relay r1,r2 "$R" --report json : | sed 's/.*"host":"\(h.\)".*"same":\([0-9]*\).*"sent_bytes":\([0-9]*\).*/\1 same \2 sent \3/' | sort
test "$(stat -c %s $here/to.r1)" -lt 1000000 && echo little
X
run 'output, statuses and input go through' <<'X'
echo some input >$here/input
msrc -C "$T" -E HOST=h1 --relay r1 "$R" -i $here/input 'cat; echo error >&2; exit 7'
msrc -C "$T" -E HOST=h1 --relay r1 "$R" 'yes | head -c 5000000' | wc -c
X
run 'with hooks' <<'X'
msrc -C "$T" -E HOST!h5 -P4 --keep-order --relay r2,r1 "$R" -DPRE_CMD='echo pre HOST' 'cat name'
X
run 'with canaries, waves and a limit of failures' <<'X'
msrc -C "$T" --canary 1 --relay r1 "$R" 'test $(cat name) != h1' 2>&1
msrc -C "$T" --batch 2 --keep-order --relay r1,r2 "$R" 'cat name'
X
run 'a host that cannot be reached from there' <<'X'
echo down >$here/ssh/lines/h2
msrc -C "$T" -E HOST!h3 -E HOST!h4 -E HOST!h5 --retry-delay 10ms --relay r1,r2 "$R" 'cat name' 2>&1 | sed 's/h2: .*/h2: .../'
rm $here/ssh/lines/h2
X
run 'a relay that cannot be reached: another one is tried' <<'X'
echo down >$here/ssh/lines/r2
msrc -C "$T" --keep-order --retry-delay 10ms --relay r1,r2 "$R" 'cat name'
msrc -C "$T" -E HOST=h1 --retry-delay 10ms --relay r2 "$R" 'cat name' 2>&1 | sed 's/relay r2: .*/relay r2: .../'
rm $here/ssh/lines/r2
X
run 'a relay that is lost: never a success, and the utilities hear of it' <<'X'
. "$TESTS/lib.sh"
sed -n '/^far_kill/,/^}/p' "$TESTS/msrc-ssh.sh" >$here/kill
. $here/kill
rm -f $here/ssh/lines/r1 $here/said
msrc -C "$T" -E HOST!h3 -E HOST!h4 -E HOST!h5 -P2 --relay r1 "$R" \
  "trap 'echo hup >../hup; exit' HUP; echo up >../up; sleep 30 & wait" >$here/said 2>&1 &
await "test -s $here/far/h1/up && test -s $here/far/h2/up"
kill -9 $(cat $here/ssh/calls/r1 | tail -1)
wait $!
echo "ended $?"
sed -n 's/^msrc: \(status [0-9]*, [a-z]*: [^:]*\).*/\1/p' $here/said
await "test -s $here/far/h1/hup && test -s $here/far/h2/hup"
X
run 'an interrupt goes through' <<'X'
. "$TESTS/lib.sh"
rm -f $here/far/*/up $here/far/*/term
env --default-signal=INT msrc -C "$T" -E HOST!h3 -E HOST!h4 -E HOST!h5 -P2 --relay r1 "$R" \
  'trap "echo term >../term; exit 3" TERM; echo $$ >../up; sleep 30 & wait' 2>/dev/null &
await "test -s $here/far/h1/up && test -s $here/far/h2/up"
kill -INT $!
wait $!
echo "ended $?"
cat $here/far/*/term
X
run 'msrc M33: what a relay cannot do: a host that trusts a key takes no other' <<'X'
mkdir -p $here/far/h1/.config/fleetbox
ssh-keygen -q -t ed25519 -N "" -f "$here/known"
ssh-keygen -q -t ed25519 -N "" -f "$here/other"
echo "ops@example.com namespaces=\"bundle@fleetbox\" $(cut -d' ' -f1,2 $here/known.pub)" >$here/far/h1/.config/fleetbox/allowed_signers
msrc -C "$T" -E HOST=h1 --relay r1 "$R" --identity $here/known 'cat name'
msrc -C "$T" -E HOST=h1 --relay r1 "$R" --identity $here/other echo not 2>&1 | tail -1
X
run 'a login that is held to deliveries is no relay' <<'X'
fleetbox msrc-recv --relay --stdio --require-signed </dev/null 2>&1 | head -1
X
run 'what is refused' <<'X'
msrc -C "$T" --relay -x : 2>&1 | head -1
msrc -C "$T" --relay r1, : 2>&1 | head -1
msrc -C "$T" --transport tar --relay r1 : 2>&1 | head -1
X
for host in h1 h2 h3 h4 h5 r1 r2; do left $host; done
