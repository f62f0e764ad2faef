# Templates, counts and options that are wrong: a message, and an exit code of
# its own where the original ended with 0.
. "$TESTS/fanout.sh"

# xapply A15: a reference past the group: message, the loop ends; 65.
run A15 <<'X'
xapply 'echo %2' a b c
X
# xapply A16: an unknown escape.
run A16 <<'X'
xapply 'echo %y' a b
X
# xapply A26: unknown option / missing value.
run A26 <<'X'
xapply -Q echo; echo rc=$?; xapply -e; echo rc=$?
X
# xapply C12: a missing close bracket.
run C12 <<'X'
xapply -n 'x%[1/2 tail' a/b
X
# xapply C13: a brace group must close.
run C13 <<'X'
xapply -n '%{1]' a; echo rc=$?
X
# xapply D8: errors of the mixer: message on stderr, loop ends.
run D8 <<'X'
xapply -n '<%(1,z)>' '20260731'; echo rc=$?
xapply -n '<%(1,2-)>' '20260731'; echo rc=$?
xapply -n '<%(1,3>' '20260731'; echo rc=$?
X
# The escape character alone at the end.
run end-of-template <<'X'
xapply -n 'x%' a; echo rc=$?; xapply -n 'x%q' a; echo rc=$?
X
run quoted-escape <<'X'
xapply -n 'x%q%' a; echo rc=$?
X
# More than one character is not an escape character, NUL is none.
run escape-characters <<'X'
xapply -a ab -n 'x' a; echo rc=$?; xapply -a '^@' -n 'x' a; echo rc=$?
X
# A task that runs already is waited for when a later item has the error.
run waits-for-the-running <<'X'
xapply -P2 -2 '%+' 'touch up; ./await "test -e go"; echo ended %1' a 'x %9' b \
  'echo never' c 2>err &
./await 'test -e up && test -s err'; touch go; wait $!; echo rc=$?
grep -c '^xapply: ' err
X
