# How files are put in place: --owner, --links, --swap, --times, --force,
# --no-sync, --setid, --lock-wait.
. "$TESTS/msrc-ssh.sh"
real_hosts h1
export T
app=$here/far/h1/app
export app
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk

run '--times' <<'X'
msrc -C "$T" :
touch -d 2020-02-02T02:02:02 plain.txt
msrc -C "$T" :
stat -c %y "$app/plain.txt" | grep -c 2020
msrc -C "$T" --times --report json : | sed 's/.*\("created":.*\),"kept".*/\1/'
stat -c %y "$app/plain.txt"
X
run '--setid' <<'X'
chmod 4755 plain.txt
msrc -C "$T" : ; stat -c %a "$app/plain.txt"
msrc -C "$T" --setid : ; stat -c %a "$app/plain.txt"
msrc -C "$T" : ; stat -c %a "$app/plain.txt"
chmod 644 plain.txt
X
mkdir tree; echo in >tree/in; echo out >"$here/out"
ln -s plain.txt inside; ln -s ../../out outside; ln -s /etc/hostname absolute
export here
run '--links' <<'X'
msrc -C "$T" -y 'SEND=plain.txt inside outside' : 2>&1
cd "$app"; readlink inside; cat outside; [ ! -L outside ] && echo a file
cd "$here/msrc/app"
msrc -C "$T" -y 'SEND=plain.txt inside outside absolute' --links keep : 2>&1
readlink "$app/inside" "$app/outside" "$app/absolute"
msrc -C "$T" -y 'SEND=plain.txt inside outside' --links follow :
find "$app" -type l; ls "$app"
X
run '--force: types that change' <<'X'
rm "$app/inside"; mkdir "$app/inside"
msrc -C "$T" -y 'SEND=plain.txt inside' echo not 2>&1 | tail -1
msrc -C "$T" --force -y 'SEND=plain.txt inside' 'cat inside'
rm "$app/inside"; mkdir "$app/inside"; echo >"$app/inside/full"
msrc -C "$T" --force -y 'SEND=plain.txt inside' echo not 2>&1 | tail -1
rm -r "$app/inside"; echo file >"$app/tree"
msrc -C "$T" -y SUBDIR=tree echo not 2>&1 | tail -1
msrc -C "$T" --force -y SUBDIR=tree 'test -d tree && echo a folder'
X
run 'a link is replaced, never followed; not below one' <<'X'
rm -rf "$app/tree" "$app/plain.txt"
echo untouched >"$here/victim"; mkdir "$here/trap"
ln -s "$here/victim" "$app/plain.txt"; ln -s "$here/trap" "$app/tree"
msrc -C "$T" 'cat plain.txt'
cat "$here/victim"
msrc -C "$T" -y 'SEND=plain.txt tree/in' echo not 2>&1 | tail -1
ls "$here/trap"; rm "$app/tree"
X
run '--swap' <<'X'
echo theirs >"$app/theirs"
before=$(stat -c %i "$app"); same=$(stat -c %i "$app/plain.txt")
echo new >new.txt
msrc -C "$T" --swap -y 'SEND=plain.txt new.txt' 'ls; pwd'
[ "$before" != "$(stat -c %i "$app")" ] && echo another folder
[ "$same" = "$(stat -c %i "$app/plain.txt")" ] && echo the same file
ls -A "$here/far/h1"
X
run '--no-sync' <<'X'
echo newer >new.txt
msrc -C "$T" --no-sync -y 'SEND=plain.txt new.txt' 'cat new.txt'
X
run 'INTO is a file; INTO has ..; INTO is behind a link' <<'X'
msrc -C "$T" -y INTO=app/new.txt echo not 2>&1 | tail -1
msrc -C "$T" -y INTO=app/../app echo not 2>&1 | tail -1
ln -s app "$here/far/h1/by-link"
msrc -C "$T" -y INTO=by-link 'cat plain.txt'
X
run '--owner' <<'X'
for owner in '' :; do msrc -C "$T" --owner "$owner" : ; done
if [ "$(id -u)" = 0 ]; then
  chown 12345:23456 plain.txt
  msrc -C "$T" --owner daemon:games 'stat -c %U:%G plain.txt'
  msrc -C "$T" --owner source 'stat -c %u:%g plain.txt'
  msrc -C "$T" --owner daemon: 'stat -c %U:%g plain.txt'
  msrc -C "$T" --owner nobody-of-ours:games 'stat -c %u:%G plain.txt'
else
  cat <<'Y'
daemon:games
12345:23456
Y
fi
X
left h1
