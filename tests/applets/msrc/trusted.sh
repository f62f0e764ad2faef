# msrc M33: hosts that know who may deliver.
. "$TESTS/msrc-ssh.sh"
real_hosts h1 h2
export T here
with_keys ada bob eve >/dev/null
keys=$PWD/keys
export keys
unset FLEETBOX_TRUST FLEETBOX_IDENTITY
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk
config=$here/far/h1/.config/fleetbox
mkdir -p "$config"
export config
cat >"$here/try" <<'X'
msrc -C "$T" -E HOST=h1 "$@" 2>&1 | sed 's/SHA256:[^: ]*/SHA256:.../g'
X

run 'without a trust file whoever may log in may deliver' <<'X'
sh $here/try echo one
sh $here/try --identity $keys/eve echo two
X
rm -r "$here/far/h1/app"
printf 'ada namespaces="bundle@fleetbox" %s\n' "$(cat keys/ada.pub)" >"$config/allowed_signers"
printf 'bob namespaces="file" %s\n' "$(cat keys/bob.pub)" >>"$config/allowed_signers"
chmod 600 "$config/allowed_signers"
run 'msrc M33: a key that is listed' <<'X'
sh $here/try --identity $keys/ada 'echo in; pwd | sed "s|.*/||"'
X
rm -r "$here/far/h1/app"
for who in eve bob; do
  export who
  run "msrc M33: a key that is not, or for something else ($who)" <<'X'
sh $here/try --identity $keys/$who -r HXMD_STATUS -K 'cat HXMD_0' echo not
sh $here/try --identity $keys/$who echo not
sh $here/try --identity $keys/$who -DPRE_CMD=: echo not
sh $here/try --identity $keys/$who --check echo not
find $here/far/h1 -name app
X
done
run 'no key at all' <<'X'
sh $here/try echo not
msrc -C "$T" --strict --keep-order echo not
find $here/far -name app
X
run 'one of two hosts trusts' <<'X'
msrc -C "$T" --identity $keys/eve --keep-order 'echo $MSRC_HOST'
X
run 'limits of a key' <<'X'
echo "allow ada into $here/far/h1/app run 'echo allowed'" >$config/msrc-limits
chmod 600 $config/msrc-limits
sh $here/try --identity $keys/ada echo allowed
sh $here/try --identity $keys/ada echo allowed too
sh $here/try --identity $keys/ada -y INTO=elsewhere echo allowed
sh $here/try --identity $keys/ada -y INTO=app2 echo allowed
sh $here/try --identity $keys/ada --argv echo allowed
sh $here/try --identity $keys/ada --prune=all echo allowed
ls $here/far/h1
X
run 'limits that cannot be read allow nothing' <<'X'
echo "ada int=/" >$config/msrc-limits
sh $here/try --identity $keys/ada echo not
rm $config/msrc-limits
X
run 'a forced command, and a key that only signs' <<'X'
sed "s|^|command=\"$BIN msrc-recv --stdio --require-signed\",restrict |" $here/ssh/user_key.pub >$here/ssh/authorized
sh $here/try --identity $keys/ada echo in
sh $here/try --identity $keys/eve echo not
ssh -F $here/ssh/config h1 'echo not this' </dev/null | tr -d '\0' | grep -c 'not this'
X
run 'a forced command where nobody is trusted' <<'X'
rm $config/allowed_signers
sh $here/try --identity $keys/ada echo not
X
for h in h1 h2; do left $h; done
