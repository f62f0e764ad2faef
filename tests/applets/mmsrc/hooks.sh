# msrc M24 and M25: hooks of a folder here; which host we are.
. "$TESTS/msrc.sh"

run 'msrc M24: the parameters' <<'X'
mmsrc -C "$T" -E SHORT=beta -u bob -y INTO="$here/built" \
  -DINIT_CMD='echo ${1} ${2} ${3} ${4} ${5}' :
X
cat >"$here/more.m4" <<'X'
define(`INCLUDE_CMD',`divert(2)echo 2 $1
divert(4)echo 4
divert(6)echo 6
divert(8)echo 8
divert(1)echo include
')dnl
X
run 'msrc M25: text between the sections' <<'X'
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" -j "$here/more.m4" \
  -DINIT_CMD='echo init' -DPRE_CMD='echo pre; x=kept' \
  -DPOST_CMD='echo post $x MSRC_MODE' echo utility
X
run 'msrc M20: a hook that ends it' <<'X'
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" -DPRE_CMD='exit 3' echo not
X
run 'options of HXINCLUDE' <<'X'
EXTRA=-DSIZE=xl mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" \
  -DINIT_CMD='echo COLOR SIZE' 'echo "[$MMSRC_PASS]"'
EXTRA=-z mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" \
  -DINIT_CMD='echo COLOR SIZE' 'echo "[$MMSRC_PASS]"'
mmsrc -z -C "$T" -E SHORT=beta -y INTO="$here/built" -DINIT_CMD='echo COLOR' :
MMSRC='-E SHORT=beta' mmsrc -C "$T" -y INTO="$here/built" -DINIT_CMD='echo SHORT' :
X
{ cat "$T"; printf '%s\tus\n' "$(uname -n)" localhost; } >"$here/us.cf"
run 'which host we are' <<'X'
mmsrc -C "$here/us.cf" -y INTO="$here/built" -DINIT_CMD='echo SHORT' :
mmsrc -C "$here/us.cf" -DHOST=ALPHA.lab.example -y INTO="$here/built" -DINIT_CMD='echo SHORT' :
mmsrc -C "$T" -y INTO="$here/built" -DINIT_CMD='echo SHORT' :
mmsrc -DHOST=here.lab -DSHORT=x -y INTO="$here/built" -DINIT_CMD='echo SHORT HOST' :
mmsrc -C "$T" -DHOST=nobody -y INTO="$here/built" :
X
run 'a text that cannot be expanded' <<'X'
echo 'm4exit(4)' >conf.host
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" echo not
X
