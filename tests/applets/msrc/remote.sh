# msrc M12 to M25: the script of a host, and what it runs there.
. "$TESTS/msrc.sh"

run 'msrc M12: options of HXINCLUDE' <<'X'
EXTRA=-DSIZE=xl msrc -C "$T" -E SHORT=beta -DINIT_CMD='echo COLOR SIZE MSRC_MODE' :
EXTRA=-DSIZE=xl msrc -z -C "$T" -E SHORT=beta -DINIT_CMD='echo COLOR SIZE MSRC_MODE' :
X
run 'msrc M13: a yoke; another hook' <<'X'
msrc -C "$T" -E SHORT=beta -y FLAG=two :
msrc -C "$T" -E SHORT=beta -m other :
X
run 'msrc M14: a target for the end' <<'X'
msrc -C "$T" -m other: 'test -f ../no; exit 3'
X
run 'msrc M14: a target of another name' <<'X'
printf 'purge:\n\t@echo purge ${MSRC_EXITCODE} ${FLAG}; exit 9\n' >>Msrc.mk
msrc -C "$T" -y FLAG=six -m other:purge echo SHORT
X
run 'msrc M15: -F is refused' <<'X'
msrc -F2 -C "$T" :
X
run 'msrc M16: whom we log in as' <<'X'
>"$here/far/log"
msrc -u bob -C "$T" -E SHORT=beta -DPOST_CMD='echo ${4}' :
sort -u "$here/far/log"
X
run 'msrc M17: the words are evaluated there, and once' <<'X'
msrc -C "$T" -E SHORT=beta -y INTO=empty -y SEND=plain.txt \
  echo '*.md' '\*.md' '$((1+2))' '"a  b"'
X
run 'msrc M18: the words are not m4 text' <<'X'
msrc -C "$T" -E SHORT=beta echo HOST dnl '[HOST]' 'HOST]'
msrc -C "$T" -E SHORT=beta --argv echo HOST dnl "\`SHORT'" "\`" "'" 'a`'
X
run 'msrc M19: words as they are' <<'X'
msrc -C "$T" -E SHORT=beta -r HXMD_STATUS -K 'cat HXMD_0' --argv sh -c 'exit 7'
msrc -C "$T" -E SHORT=beta --argv printf '%s|' 'a  b' '$HOME' "it's" HOST; echo
msrc -C "$T" -E SHORT=beta -r HXMD_STATUS -K 'cat HXMD_0' exit 5
X
run 'msrc M20: a hook that ends it' <<'X'
msrc -C "$T" -E SHORT=beta -r HXMD_STATUS -K 'cat HXMD_0' -DPRE_CMD='exit 3' \
  echo not
X
for name in "a[b]c" "it's" 'back`tick' 'do$llar' 'ha#sh' 'com,ma' '-dash' \
  'HOST' 'dnl' 'star*' 'back\slash' '~' 'semi;colon' '(paren)' '"q"' "\`x'"; do
  echo HOST >"./$name"
done
run 'msrc M21: names that mean something to somebody' <<'X'
rm Makefile.host conf.host
msrc -C "$T" -E SHORT=beta -y INTO=names -y 'SEND=' : 2>/dev/null
for f in [!M]*; do
  [ ! -f "$f" ] || cmp "./$f" "$here/far/beta.lab.example/names/$f"
done
ls "$here/far/beta.lab.example/names" | tr '\n' ' '; echo
msrc -l -C "$T" -E SHORT=beta -y INTO=names -y 'SEND=' 'ls | tr "\n" " "; cat ./-dash'
X
run 'names with blanks, and with line breaks' <<'X'
echo blank >'a  b'; echo lines >'a
b'
msrc -C "$T" -E SHORT=beta -y INTO=blanks -y SEND= 'ls a*; cat a*b'
msrc -l -C "$T" -E SHORT=beta -y SEND= 'ls a*' 2>/dev/null
rm 'a
b'
X
run 'a cache directory without a recipe' <<'X'
mkdir empty.host
msrc -C "$T" -E SHORT=beta :
rmdir empty.host
msrc -C "$T" -E SHORT=beta -y MAP=nothing.host : 2>&1 | grep MAP
X
run 'msrc M21: the same, mapped' <<'X'
rm -f pipe0; rm -rf motd.host docs
msrc -C "$T" -E SHORT=beta -y INTO=mapped -y MAP=+++ -y SEND=. -y HXINCLUDE=. \
  "cat -- -dash HOST \"it's\" 'back\`tick' 'star*'"
X
run 'msrc M24: the parameters' <<'X'
msrc -C "$T" -E SHORT=beta -DINIT_CMD='echo ${1} ${2} ${3} ${4} ${5}' :
X
run 'msrc M24: tokens follow them' <<'X'
printf 't1\nt2\n' >"$here/tokens"
msrc -C "$T" -E SHORT=beta -P1 -A -t "$here/tokens" -R1 -DINIT_CMD='echo ${5} ${6}' :
X
cat >"$here/more.m4" <<'X'
define(`INCLUDE_CMD',`divert(2)echo 2 $1 ${4}
divert(4)echo 4
divert(6)echo 6
divert(8)echo 8
divert(1)echo include
')dnl
X
run 'msrc M25: text between the sections' <<'X'
msrc -C "$T" -E SHORT=beta -j "$here/more.m4" -DINIT_CMD='echo init' \
  -DPRE_CMD='echo pre' -DPOST_CMD='echo post' echo utility
X
mkdir -p "$here/far/beta.lab.example"
echo 'export DEFS="from defs"; echo defs $#' >"$here/far/beta.lab.example/defs it's"
run 'a file of definitions there' <<'X'
msrc -C "$T" -E SHORT=beta -DENTRY_DEFS='$HOME/defs\ it\'"'"'s' 'echo $DEFS $#'
msrc -C "$T" -E SHORT=beta -DENTRY_DEFS=/nowhere/defs 'echo not' 2>&1 | grep -c nowhere
msrc -C "$T" -E SHORT=beta -DREMOTE_SHELL='/bin/sh -x' 'echo hello' 2>&1 | grep hello
X
run 'the utility is make if nothing is said' <<'X'
printf 'all:\n\t@echo built for %s\n' HOST >Makefile.host
msrc -C "$T" -y INTO=built -y SEND=. -P1
X
run 'the home folder there' <<'X'
msrc -C "$T" -E SHORT=beta -y INTO=. -y SEND=plain.txt -y MAP=. -y SUBDIR=. \
  'pwd; ls plain.txt'
msrc --home -C "$T" -E SHORT=beta -y INTO=. -y SEND=plain.txt -y MAP=. \
  -y SUBDIR=. 'ls plain.txt'
X
run 'options of MSRC, and those of a site' <<'X'
mkdir "$here/lib"; echo '-DCOLOR=site' >"$here/lib/msrc.hxmd"
export MSRC_LIB="/nowhere:$here/lib"
MSRC="-E SHORT=beta -DINIT_CMD='echo COLOR ${5}'" msrc -C "$T" :
mv Msrc.hxmd "$here"
MSRC="-E SHORT=beta -DINIT_CMD='echo COLOR'" msrc -C "$T" :
MSRC="-E SHORT=beta -DINIT_CMD='echo COLOR'" msrc -C "$T" -y HXINCLUDE=. :
MSRC="-E SHORT=beta -DINIT_CMD='echo COLOR'" msrc -z -C "$T" :
mv "$here/Msrc.hxmd" .
X
run 'a table of defaults that goes by our name' <<'X'
echo 'INIT_CMD=`echo from the site'"'" >"$here/lib/msrc.cf"
HXMD_PATH=$here/lib msrc -C "$T" -E SHORT=beta :
HXMD_PATH=$here/lib msrc -Z /dev/null -C "$T" -E SHORT=beta :
X
run 'a host that looks like an option' <<'X'
echo '-oProxyCommand' >"$here/bad.cf"
msrc -C "$here/bad.cf" -DSSH=ssh :
X
run 'a folder that cannot be entered there' <<'X'
echo >"$here/far/beta.lab.example/file"
msrc -C "$T" -E SHORT=beta -y INTO=file echo not 2>&1 | tail -1
X
