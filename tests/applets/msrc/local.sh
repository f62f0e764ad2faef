# msrc M22 to M25: local mode.
. "$TESTS/msrc.sh"

run 'msrc M22: a mapped file, in a scratch folder that goes' <<'X'
msrc -l -C "$T" -P1 'cat motd; pwd; ls -F'
ls -d "$here"/hxtf* 2>/dev/null
X
run 'msrc M23: the status of the utility' <<'X'
msrc -l -C "$T" -E SHORT=beta -r HXMD_STATUS -K 'cat HXMD_0' exit 4
msrc -l -C "$T" -E SHORT=beta --argv sh -c 'exit 4' 2>/dev/null
X
run 'msrc M24: the parameters' <<'X'
msrc -l -C "$T" -E SHORT=beta -DINIT_CMD='echo ${1} ${2} ${3} ${4} ${5}' :
X
run 'msrc M24: tokens follow them' <<'X'
printf 't1\nt2\n' >"$here/tokens"
msrc -l -C "$T" -E SHORT=beta -P1 -A -t "$here/tokens" -R1 'echo ${5} ${6}'
X
run 'msrc M20: a hook that ends it' <<'X'
msrc -l -C "$T" -E SHORT=beta -r HXMD_STATUS -K 'cat HXMD_0' -DPRE_CMD='exit 3' \
  echo not
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
msrc -l -C "$T" -E SHORT=beta -j "$here/more.m4" -DINIT_CMD='echo init' \
  -DPRE_CMD='echo pre; ls ${1}; ls -d docs' -DPOST_CMD='echo post' echo utility
X
run 'msrc M18: the words are not m4 text' <<'X'
msrc -l -C "$T" -E SHORT=beta echo HOST dnl
X
echo 'DEFS=yes' >"$here/defs"
run 'a file of definitions' <<'X'
msrc -l -C "$T" -E SHORT=beta -DENTRY_DEFS="$here/defs" --argv sh -c 'echo ok'
msrc -l -C "$T" -E SHORT=beta -DENTRY_DEFS="$here/nothing" echo not 2>/dev/null
X
run 'modes and times are kept' <<'X'
chmod 640 plain.txt; chmod 755 conf.host; touch -d '2020-01-01' plain.txt
msrc -l -C "$T" -E SHORT=beta 'stat -c "%a %n" plain.txt conf; stat -c %y plain.txt'
X
run 'scratch folders that stay' <<'X'
msrc -l --keep -C "$T" -P1 : 2>&1 | sed 's|msrc\.[0-9a-f]*/|KEPT/|'
ls "$here"/msrc.*/* | sed 's|msrc\.[0-9a-f]*/|KEPT/|'
X
run 'a MODE of the recipe' <<'X'
msrc -C "$T" -E SHORT=beta -y MODE=local -DINIT_CMD='echo MSRC_MODE' :
X
run 'many hosts at once' <<'X'
i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo host$i.lab; done >"$here/many.cf"
sed -i 's/SHORT/HOST/' motd.host/Cache.m4
msrc -l -P8 -s -C "$here/many.cf" cat motd | sort -u | wc -l
ls -d "$here"/hxtf* 2>/dev/null
X
