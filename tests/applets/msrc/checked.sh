# msrc M31: looking before leaping, at several hosts.
. "$TESTS/msrc-ssh.sh"
real_hosts web1 web2 db1
export T
printf 'INTO=app\nMAP=.\nSUBDIR=docs\nHXINCLUDE=.\nSEND=plain.txt notes.md\n' >Msrc.mk
seq 5 >plain.txt
all() { (cd "$here/far" && find . -name .cache -prune -o -printf '%p %i %T@ %m\n' | sort); }

run 'msrc M31: nothing is there yet, and nothing will be' <<'X'
msrc -P1 -C "$T" --check echo not
msrc -P1 -C "$T" --check --diff -E HOST=db1 echo not
find "$here/far" -name app -o -name 'recv*'
X
msrc -C "$T" : 2>/dev/null
run 'a receiver that is there already stays'  <<'X'
msrc -P1 -C "$T" --check -E HOST=db1 echo not
ls "$here/far/db1/.cache/fleetbox" | sed 's/recv-.*/recv/' | uniq
X
printf '1\n2\nthree\n4\n5\n' | tee "$here/far/web1/app/plain.txt" >"$here/far/web2/app/plain.txt"
printf '0\n1\n2\n3\n4\n5' >"$here/far/db1/app/plain.txt"
chmod 600 "$here/far/db1/app/notes.md"
printf 'bin\0ary' >"$here/far/db1/app/notes.md"
all >"$here/before"
run 'msrc M31: a difference once, with the names of its hosts' <<'X'
msrc -P1 -C "$T" --check --diff echo not
X
all | diff - "$here/before" && echo untouched
run 'msrc M31: as JSON' <<'X'
msrc -C "$T" --check --report json -E HOST=web1 echo not | sed 's/"seconds.*"created/"created/; s/,"into.*//'
X
run 'msrc M31: --diff, and then it is done' <<'X'
msrc -P1 -C "$T" --diff 'head -3 plain.txt | tr "\n" " "'
X
run 'nothing to tell' <<'X'
msrc -P1 -C "$T" --check --diff echo not
X
run 'not with hooks: --diff, --report, --canary' <<'X'
for o in --diff '--report json' '--canary 1' '--batch 1' '--max-fail 1'; do
  msrc -C "$T" -DPRE_CMD=: $o : 2>&1 | head -1
done
msrc -P1 -C "$T" -DPRE_CMD='echo not' --check -E HOST=db1 echo not
X
run 'not with another transport' <<'X'
for o in --check --bootstrap "--attach $(printf %032d 0)"; do
  msrc -C "$T" --transport tar $o : 2>&1 | head -1
done
X
for h in web1 web2 db1; do left $h; done
