# msrc M29, M30: what a run removes, and what it never does.
. "$TESTS/msrc-ssh.sh"
real_hosts h1
export T
app=$here/far/h1/app
export app
cat >Msrc.mk <<'X'
INTO=app
SEND=plain.txt ${MORE}
IGNORE=keep.me cache +++
SUBDIR=docs
MAP=.
HXINCLUDE=.
X
names() { (cd "$app" && find . -mindepth 1 | sort | tr '\n' ' '); echo; }
echo extra >extra.txt

run 'msrc M30: it is sent, and then is not' <<'X'
msrc -C "$T" -y MORE='extra.txt' ls
mv extra.txt "$here"
msrc -C "$T" ls
X
echo theirs >"$app/theirs"; echo kept >"$app/keep.me"; mkdir "$app/RCS" "$app/empty"
echo v >"$app/RCS/plain.txt,v"
run 'msrc M30: --check says what --prune would remove' <<'X'
msrc -C "$T" --check --prune ls
X
run 'msrc M29, M30: --prune removes what we have sent, and only that' <<'X'
msrc -C "$T" --prune --report json : | sed 's/.*\("created":.*\),"into".*/\1/'
X
names
run 'a list of one recipe is not that of another' <<'X'
mv "$here/extra.txt" .
printf 'INTO=app\nSEND=plain.txt extra.txt\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\n' >other.mk
msrc -f other.mk -C "$T" --prune :
sed -i 's/extra.txt//' other.mk; mv extra.txt "$here"
msrc -f other.mk -C "$T" --prune :
X
names
run 'msrc M29: --prune=all removes what is not listed, but IGNORE and revisions' <<'X'
msrc -C "$T" --prune=all --check : | grep -v same
msrc -C "$T" --prune=all :
X
names
for n in 1 2 3 4 5; do echo $n >"$app/n$n"; done
run 'not more than so many' <<'X'
msrc -C "$T" --prune=all --max-prune 4 echo not
X
names
run 'so many' <<'X'
msrc -C "$T" --prune=all --max-prune 5 echo runs
X
names
run 'not from a home folder, the root, or right below it' <<'X'
for into in "$here/far/h1" . / /tmp; do
  msrc -C "$T" --home --prune=all -y INTO=$into echo not 2>&1 | tail -1
done
X
[ -e "$app/plain.txt" ] && echo there
run 'nothing is pruned behind a link' <<'X'
mkdir "$here/elsewhere"; echo mine >"$here/elsewhere/mine"
ln -s "$here/elsewhere" "$app/link"
msrc -C "$T" --prune=all :
cat "$here/elsewhere/mine"
X
names
run 'a word that is none' <<'X'
msrc -C "$T" --prune=some :
X
left h1
