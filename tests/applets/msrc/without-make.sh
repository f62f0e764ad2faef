# msrc M40: no make is there, and the recipe is of assignments only.
. "$TESTS/msrc-ssh.sh"
real_hosts h1
export T here
mkdir "$here/tools"
for p in ssh sshd dd sh sed grep cat mkdir rm cp cmp mv chmod ls; do
  q=$(command -v $p) && ln -s "$q" "$here/tools/$p"
done
for p in msrc mmsrc; do ln -s "$BIN" "$here/tools/$p"; done
cat >Msrc.mk <<'X'
# of this folder
WHERE = app
INTO := ${WHERE}
SEND = plain.txt \
  notes.md
SUBDIR=.
MAP+= conf.host
X
run 'msrc M40: msrc' <<'X'
PATH=$here/tools
! command -v make || exit 9
msrc -C "$T" 'ls; cat conf'
X
run 'msrc M40: mmsrc' <<'X'
PATH=$here/tools
mmsrc -C "$T" -E HOST=h1 -y INTO="$here/built" 'echo *'
X
run 'what needs a make is told' <<'X'
PATH=$here/tools
printf '__msrc: one\none:\n\techo one\n' >>Msrc.mk
msrc -C "$T" echo not
X
