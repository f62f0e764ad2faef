# Tracing, the shell, and variables of tasks.
. "$TESTS/fanout.sh"

# xapply G1: -x to standard error, -v to standard output, -n only shows.
run G1 <<'X'
xapply -x 'echo %1' a; xapply -v 'echo %1' b; xapply -nx 'echo %1' c; xapply -xv 'echo %1' d
X
# xapply G2: how a command is passed to the shell.
run G2 <<'X'
xapply -S /bin/echo 'run %1' 'x y'; xapply -S /bin/echo -A 'run %1' z; xapply -S /bin/echo -A -P2 -R2 'run %1' z
X
# xapply G3: a shell whose name contains perl gets -e and no pad.
run G3 <<'X'
ln -sf /bin/echo myperl5; xapply -S ./myperl5 -A 'run %1' z
X
# xapply G4: csh and tcsh get no pad.
run G4 <<'X'
ln -sf /bin/echo tcsh; ln -sf /bin/echo csh; xapply -S ./tcsh -A 'run %1' z; xapply -S ./csh -A 'run %1' z
X
# xapply G5: $0 is an underscore, the tokens are $1.
run G5 <<'X'
xapply -A -P2 -R3 'echo $0 $# $1 $2 $3 %t2' a
X
# xapply G6: SHELL chooses the shell; empty is refused, a missing one too.
run G6 <<'X'
SHELL=/bin/echo xapply 'a %1' b; SHELL= xapply 'a' b; echo rc=$?; xapply -S ./nosh 'echo %1' a b; echo rc=$?
X
# xapply G7: -e sets a variable for the command; values may use any form.
run G7 <<'X'
xapply -e H='%[1.1]' -e N=%u -e Q='%q1' 'echo $H $N $Q' 'a.b' 'c$d'
X
# xapply G8: -e without a value takes the next argument in turn.
run G8 <<'X'
xapply -2 -e A -e B '%0echo $B$A' x y z w
X
# xapply G9: more bare -e than arguments: they start again.
run G9 <<'X'
xapply -2 -e A -e B -e C '%0echo $A$B$C' x y; echo rc=$?
X
# xapply G10: an -e that cannot be expanded.
run G10 <<'X'
xapply -e A=%4 'echo' x; echo rc=$?
X
# xapply G11: a reference in -e does not stop the appending.
run G11 <<'X'
xapply -n -e A=%1 'echo $A' x
X
