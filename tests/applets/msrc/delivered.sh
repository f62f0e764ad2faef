# The built-in transport over a real ssh: what travels, and what is touched.
. "$TESTS/msrc-ssh.sh"
real_hosts h1 h2
export T
chmod 640 plain.txt

# Everything about a tree that a needless write would change.
look() { (cd "$here/far/$1" && find app -printf '%p %y %m %i %T@ %C@\n' | sort); }

run 'msrc M26: the first time' <<'X'
msrc -C "$T" -E HOST=h1 'cat motd; ls'
cd "$here/far/h1/app" && stat -c '%a %n' *
cmp plain.txt "$here/msrc/app/plain.txt" && [ ! plain.txt -nt "$here/msrc/app/plain.txt" ] &&
  [ ! plain.txt -ot "$here/msrc/app/plain.txt" ] && echo same time
X
look h1 >"$here/before"
echo "calls: $(calls h1)"
run 'msrc M26: nothing has changed' <<'X'
msrc -C "$T" -E HOST=h1 --report json 'echo runs' |
  sed 's/"seconds":[^,]*,//; s/"software.*//'
X
look h1 | cmp - "$here/before" && echo untouched
echo "calls: $(calls h1)"

ln "$here/far/h1/app/plain.txt" "$here/far/h1/linked"
run 'msrc M27: one file has changed' <<'X'
echo changed >plain.txt
msrc -C "$T" -E HOST=h1 --report json : |
  sed 's/.*\("created":.*\),"kept".*/\1/'
cat "$here/far/h1/app/plain.txt" "$here/far/h1/linked"
X
look h1 | diff - "$here/before" | sed -n 's/^> \(app[^ ]*\).*/\1/p'
run 'a mode is all that has changed' <<'X'
chmod 600 plain.txt
stat -c '%i %Y' "$here/far/h1/app/plain.txt" >"$here/was"
msrc -C "$T" -E HOST=h1 --report json : | sed 's/.*\("created":.*\),"kept".*/\1/'
stat -c '%i %Y' "$here/far/h1/app/plain.txt" | cmp - "$here/was"
stat -c %a "$here/far/h1/app/plain.txt"
X
run 'two hosts, each its own text' <<'X'
msrc -C "$T" --keep-order 'cat Makefile motd'
X

run 'msrc M16: whom we log in as' <<'X'
me=$(id -un)
msrc -u "$me" -C "$T" -E HOST=h1 -DPOST_CMD='echo ${4}' : | sed "s/^$me@/ME@/"
msrc -u nobody-of-ours -C "$T" -E HOST=h1 --retries 0 : 2>&1 | sed 's/: nobody.*/: .../'
X
run 'msrc M17: the words are evaluated there, and once' <<'X'
msrc -C "$T" -E HOST=h1 -y INTO=empty -y SEND=plain.txt -y HXINCLUDE=. \
  echo '*.md' '\*.md' '$((1+2))' '"a  b"'
X
run 'msrc M19: words as they are; a status' <<'X'
msrc -C "$T" -E HOST=h1 -r HXMD_STATUS -K 'cat HXMD_0' --argv sh -c 'exit 7'
msrc -C "$T" -E HOST=h1 -r HXMD_STATUS -K 'cat HXMD_0' exit 5
msrc -C "$T" -E HOST=h1 -r HXMD_STATUS -K 'cat HXMD_0' 'kill -9 $$'
msrc -C "$T" -E HOST=h1 --argv printf '%s|' 'a  b' '$HOME' "it's" '*' '' 'two
lines'; echo
X
run 'msrc M20: a hook that ends it' <<'X'
msrc -C "$T" -E HOST=h1 -r HXMD_STATUS -K 'cat HXMD_0' -DPRE_CMD='exit 3' echo not
X
before=$(calls h1)
run 'hooks around it, over one connection' <<'X'
msrc -C "$T" -E HOST=h1 -DINIT_CMD='v=kept; echo init' -DPRE_CMD='echo pre $v' \
  -DPOST_CMD='echo post $v' 'echo utility; exit 4'
msrc -C "$T" -E HOST=h1 -DPRE_CMD=: -r HXMD_STATUS -K 'cat HXMD_0' exit 6
X
echo "calls: $(($(calls h1) - before))"
run 'standard input, with a hook and without' <<'X'
seq 200000 >"$here/typed"
msrc -C "$T" -E HOST=h1 -i "$here/typed" cksum
msrc -C "$T" -E HOST=h1 -i "$here/typed" -DPRE_CMD=: cksum
cksum <"$here/typed"
msrc -C "$T" -E HOST=h1 -i "$here/typed" 'read -r a; echo $a'
msrc -C "$T" -i /nowhere/typed cat
msrc -C "$T" -E HOST=h1 -DPRE_CMD=: cat
X
run 'standard input that is a pipe, for everybody' <<'X'
seq 200000 | msrc -C "$T" -i /dev/stdin cksum
X
run 'much output, and errors apart' <<'X'
msrc -C "$T" 'seq 300000; echo error >&2' >"$here/out" 2>"$here/err"
wc -l <"$here/out"
sort -n "$here/out" | uniq -c | awk '$1 != 2' | head
grep -c ^error$ "$here/err"
X
for h in h1 h2; do left $h; done
