# The else command.
. "$TESTS/fanout.sh"

# xapply F1: -N runs when there was nothing to do.
run F1 <<'X'
xapply -N 'echo nothing' 'echo'; xapply -f -N 'echo no lines in' 'echo' none; xapply -f -N '%0echo quiet' 'echo' none none
X
# xapply F2: not when something ran.
run F2 <<'X'
xapply -N 'echo nothing' 'echo' x
X
# xapply F3: the else command's own status is not reported.
run F3 <<'X'
xapply -N 'exit 9' 'echo'; echo rc=$?
X
# xapply F4: a bad else command.
run F4 <<'X'
xapply -N 'echo %3' 'echo'; echo rc=$?
X
# xapply F5: -n shows it.
run F5 <<'X'
xapply -n -N 'mail root %1' 'echo'; xapply -fn -N 'mail root %1' 'echo' none; echo rc=$?
X
# The else command is number 00, and %f names the files.
run else-number <<'X'
xapply -N "echo %u:%0" echo; xapply -f -N "%0echo %f1 %f*" echo none none
X
# It may use a token.
run else-token <<'X'
xapply -P2 -N "%0echo %t1" echo
X
