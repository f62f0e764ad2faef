# How the commands are made and run.
. "$TESTS/fleet.sh"

run 'a template of its own, and another escape' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta -F2 -c 'echo "<%1>" %2 %u' 'SHORT it is' ARCH
hxmd -P1 -C fleet.cf -E SHORT=beta -F2 -a @ 'echo SHORT 100% @1' ARCH
hxmd -P1 -C fleet.cf -E SHORT=beta 'echo SHORT 100%%'
X
run 'a form that is none' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta 'echo SHORT 100%Z'
X
run 'variables: the control is %1 in them' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta -F2 -e CONTROL=%1 -e 'WHAT=%2 of %u' \
  'echo "$CONTROL/$WHAT"' SHORT
X
run 'numbers are places among the elected' <<'X'
hxmd -P1 -C fleet.cf 'ifelse(SHORT,beta,`m4exit(9)'"'"')echo SHORT %u HXMD_U' \
  2>/dev/null
X
run 'tokens' <<'X'
printf 'red\ngreen\n' >tokens
hxmd -P1 -C fleet.cf -t tokens 'echo SHORT %t1'
hxmd -P1 -C fleet.cf -E SHORT=beta -A -R2 'echo SHORT $1 $2'
hxmd -P1 -C fleet.cf -E SHORT=beta -J 3 -R 2 -A 'echo SHORT $1 $2'
hxmd -P1 -C fleet.cf -R x :
X
run 'another shell' <<'X'
printf '#!/bin/sh\nshift\nprintf "%%s\\n" "shell got: $*"\n' >shell
chmod +x shell
hxmd -P1 -C fleet.cf -E SHORT=beta -S "$PWD/shell" 'echo SHORT; :'
hxmd -P1 -C fleet.cf -E SHORT=beta -S "$PWD/shell" -K 'cat HXMD_0' : 2>&1 |
  sed 's|cat .*/list|cat LIST|'
HXMD_SHELL=/bin/sh hxmd -P1 -C fleet.cf -E SHORT=beta -S "$PWD/shell" -K 'cat HXMD_0' :
X
run 'how many at once' <<'X'
jobs() { hxmd "$@" -V | sed -n 's/.*parallel factor: //p'; }
jobs
jobs -P3
jobs -P0
jobs -P
PARALLEL=9 jobs -P
PARALLEL=no jobs -P
jobs -P2 -7
jobs -P2 -1
for n in 7 max; do (ulimit -n 320 && jobs --jobs=$n); done
jobs --jobs most
jobs -P2x
X
run 'starts are spaced unless they need not be' <<'X'
took() {
  begin=$(date +%s%N)
  "$@"
  echo $((($(date +%s%N) - begin) / 1000000))
}
spaced=$(took hxmd -P4 --spacing=150ms -C fleet.cf :)
at_once=$(took hxmd -P4 --spacing=5s -s -C fleet.cf :)
one=$(took hxmd -P1 --spacing=5s -C fleet.cf :)
[ "$spaced" -ge 450 ] && echo spaced
[ "$at_once" -lt 3000 ] && echo at once
[ "$one" -lt 3000 ] && echo one by one
hxmd --spacing=soon -C fleet.cf :
X
run 'too long, and too often' <<'X'
hxmd -P2 -C fleet.cf --on beta.lab.example,gamma.lab.example --timeout=300ms --kill-after=5s \
  'test SHORT = beta || sleep 20'
hxmd -P1 -C fleet.cf -E SHORT=beta --retries=2 --retry-delay=1ms \
  'echo try; cat %1; mkdir two 2>/dev/null && exit 1; mkdir three 2>/dev/null && exit 1; echo made' \
  data.txt
hxmd -P1 -s -C fleet.cf --halt=soon,fail=1 'echo SHORT; false'
X
run 'the counter around, if there is one' <<'X'
hxmd -P1 -C fleet.cf -g 'echo SHORT %u'
X
run 'hosts by name' <<'X'
hxmd -P1 -C fleet.cf --on ALPHA.lab.example,delta.edge.example 'echo SHORT'
hxmd -P1 -C fleet.cf --on alpha.lab.example,sigma 'echo SHORT'
X
run 'hosts that lack a macro' <<'X'
hxmd -P1 -C fleet.cf -E SITE=lab 'echo SHORT CORES'
hxmd -P1 -C fleet.cf -E SITE=lab --strict 'echo SHORT CORES'
hxmd -P1 -C fleet.cf -E SITE=lab -d M 'echo SHORT CORES'
X
run 'debug letters' <<'X'
hxmd -d '?'
hxmd -P1 -C fleet.cf -E SHORT=beta -d X -K 'cat HXMD_0' ': SHORT' 2>&1 |
  sed 's|/[^ ]*/hxtf[^/]*|HOLD|g'
hxmd -P1 -C fleet.cf -E SHORT=beta -d RT 'cat %1' data.txt 2>&1 |
  sed 's|/[^ ]*/hxtf[^/]*|HOLD|g'
X
run 'a control that is missing, an option that is none' <<'X'
hxmd -C fleet.cf
hxmd --nonesuch -C fleet.cf :
hxmd -C
X
run 'a control on standard input is a program' <<'X'
hxmd -P1 -C fleet.cf -F0 - data.txt <<'Y' | sed 's|/.*/|HOLD/|'
#!/bin/sh
echo "SHORT got $1"
Y
X
run 'files have the mode of their source' <<'X'
chmod 440 data.txt
printf '#!/bin/sh\nstat -c "%%a %%n" $0 $* | sed "s|/.*/||"\n' >s.sh
chmod 750 s.sh
hxmd -P1 -C fleet.cf -E SHORT=beta -F0 s.sh data.txt
X
run 'operands of the same name' <<'X'
mkdir here there
echo here SHORT >here/f; echo there SHORT >there/f
hxmd -P1 -C fleet.cf -E SHORT=beta 'cat HXMD_1 HXMD_2 %1 %2' here/f there/f
X
run 'a state that texts hand on' <<'X'
hxmd -P4 -s -C fleet.cf --keep-order 'echo SHORT esyscmd(echo x >>state; wc -l <state)'
X
