. "$TESTS/fleet.sh"
mkdir inc outside
printf '%s\n' "define(\`hi',\`hello-SHORT')dnl" >inc/h.m4
ln -s ../fleet.cf inc/inside
ln -s /etc/passwd inc/passwd
run 'H46 included files' <<'X'
efmd -C fleet.cf -E SHORT=beta -I inc 'include(h.m4)hi'
efmd -C fleet.cf -E SHORT=beta -j inc/h.m4 hi
M4PATH=inc efmd -C fleet.cf -E SHORT=beta 'include(h.m4)hi'
X
run 'commands' <<'X'
efmd --safe -C fleet.cf -E SHORT=beta 'syscmd(echo no)SHORT'
X
run 'the same by the environment' <<'X'
HXMD_SAFE=1 efmd -C fleet.cf -E SHORT=beta 'esyscmd(echo no)SHORT'
X
run 'files here, and where -I leads' <<'X'
cd outside
efmd --safe -C ../fleet.cf -I ../inc -E SHORT=beta 'include(h.m4)hi'
X
run 'files elsewhere' <<'X'
efmd --safe -C fleet.cf -E SHORT=beta 'include(/etc/passwd)'
X
run 'by the back stairs' <<'X'
efmd --safe -C fleet.cf -E SHORT=beta 'undivert(inc/../../../../../../etc/passwd)'
X
run 'by a link' <<'X'
efmd --safe -C fleet.cf -E SHORT=beta 'include(inc/passwd)'
X
run 'a link that leads inside' <<'X'
efmd --safe -C fleet.cf -E SHORT=beta 'undivert(inc/inside)' | head -n 1
X
run 'the election, too' <<'X'
efmd --safe -C fleet.cf -G 'esyscmd(echo HOST)' -L
X
run 'a table that others may write' <<'X'
chmod o+w fleet.cf
efmd -C fleet.cf -E SHORT=beta 'esyscmd(echo no)SHORT'
X
