# msrc M38 to M40: what a recipe says.
. "$TESTS/msrc.sh"

run 'msrc M38: words made by a command' <<'X'
printf 'SEND=$(shell echo one two) `echo three; echo four`\nX=1\n' >r.mk
mmsrc -b -f r.mk SEND
printf 'SEND=`echo five six`\n' >r.mk
mmsrc -b -f r.mk SEND
rm r.mk
X
run 'msrc M38: the recipe here' <<'X'
mmsrc -b -f Msrc.mk SEND
mmsrc -b SEND INTO NOTHING; mmsrc -b -y INTO=other INTO
mmsrc -b 'A B'
X
run 'msrc M39: the hook' <<'X'
for m in '' '-m ::' '-m :purge' '-m other' '-m other:'; do
  mmsrc $m -V | grep hook
done
msrc -V | sed 's/(.*)/()/'
cd docs && msrc -V | grep recipe; mmsrc -V | grep makefile
X
run 'the name we are called by' <<'X'
fleetbox=$(command -v fleetbox)
ln -s "$fleetbox" "$here/bletch.msrc"
"$here/bletch.msrc" -V | grep -e hook -e hxmd
echo "COLOR=red" >bletch.cf
HXMD_PATH=. "$here/bletch.msrc" -m other -l -C "$T" -E SHORT=beta \
  -DINIT_CMD='echo BLETCH_MODE MSRC_MODE COLOR' -z :
rm bletch.cf
HXMD_PATH=. "$here/bletch.msrc" -m other -l -C "$T" :
X
# A PATH without make.
mkdir "$here/bin"
for p in sh cat ls echo mkdir cp rm cmp chmod mv msrc mmsrc; do
  ln -s "$(command -v $p)" "$here/bin/$p"
done
cat >plain.mk <<'X'
# Assignments alone.
DIR = app
INTO := ${DIR}
SEND ?= plain.txt \
	notes.md
SEND += conf.*
MAP = .
source: a b
	echo no
X
run 'msrc M40: no make, and none is needed' <<'X'
PATH=$here/bin msrc -f plain.mk -l -C "$T" -E SHORT=beta ls
PATH=$here/bin mmsrc -f plain.mk -C "$T" -E SHORT=beta -y INTO="$here/made" ls
PATH=$here/bin mmsrc -b -f plain.mk SEND
X
run 'msrc M40: make is needed' <<'X'
PATH=$here/bin msrc -l -C "$T" -E SHORT=beta ls
X
run 'make says the same' <<'X'
for name in SEND INTO MAP; do
  mmsrc -b -f plain.mk $name >"$here/ours"
  { cat plain.mk; printf 'show:\n\t@echo ${%s}\n' $name; } |
    make -s -f - show | tr ' ' '\n' | cmp - "$here/ours"
done
X
run 'a recipe that fails' <<'X'
printf 'INTO=x\n__msrc: bad\nbad:\n\texit 3\n' >bad.mk
msrc -f bad.mk -C "$T" : 2>&1 | grep -v make:
msrc -f bad.mk -C "$T" : 2>/dev/null
X
run 'no recipe' <<'X'
cd "$here/bin" && msrc :
X
run 'a recipe that is not there' <<'X'
msrc -f nothing.mk :
X
run 'what prerequisites print is ours' <<'X'
printf 'INTO=x\nSEND=; echo plain.txt notes.md\nMAP=.\n__msrc: say\nsay:\n\t@echo said\n' >say.mk
msrc -f say.mk -l -C "$T" -E SHORT=beta ls
X
