# Arguments, the count, the appended tail and the template's plain forms.
. "$TESTS/fanout.sh"

# xapply A1: one argument per task; the exit status is 0.
run A1 <<'X'
xapply 'echo "<%1>"' 'a b' c
X
# xapply A2: no reference in the template: the arguments are appended after one
# blank.
run A2 <<'X'
xapply -n 'ls -l' 'my file' b
X
# xapply A3: no second blank when the template already ends in white space.
run A3 <<'X'
xapply -n 'ls ' x | od -An -c | head -1
X
# xapply A4: an empty template runs the argument itself.
run A4 <<'X'
xapply '' 'echo hi; echo there'
X
# xapply A5: %0 expands to nothing and stops the appending.
run A5 <<'X'
xapply -n 'date %0#' a b
X
# xapply A6: -3 takes arguments three at a time.
run A6 <<'X'
xapply -3 -n 'cp %1 %2 %3' a b c d e f
X
# xapply A7: an argument count that does not divide.
run A7 <<'X'
xapply -3 'echo' a b c d
X
# xapply A8: no arguments at all: nothing runs.
run A8 <<'X'
xapply 'echo never %1'
X
# xapply A9: no template.
run A9 <<'X'
xapply -P2
X
# xapply A10: a count of zero.
run A10 <<'X'
xapply -0 'echo' a
X
# xapply A11: single digits only without a group; braces for more.
run A11 <<'X'
xapply -n -11 '%11 %{11} %{10}%{1}' a b c d e f g h i j k
X
# xapply A12: last, all, and the doubled escape.
run A12 <<'X'
xapply -n -3 '%$|%*|%%|%3%1' x y z
X
# xapply A13: references only to %u, %t or %f do not stop the appending.
run A13 <<'X'
xapply -n 'n%u:' a b; xapply -fn '%f1 has' f2
X
# xapply A14: %u counts tasks from 0, also across groups of arguments.
run A14 <<'X'
xapply -2 -n '%u=%1%2' a b c d e f
X
# xapply A17: a failing task does not stop the loop and does not show in the
# exit status.
run A17 <<'X'
xapply 'echo %1; exit %1' 1 2 0
X
# xapply A18: a task killed by a signal is just finished.
run A18 <<'X'
xapply 'echo %1; kill -9 $$' a b
X
# xapply A19: shell text in an argument is live unless quoted.
run A19 <<'X'
xapply 'echo %1' 'x;echo y' ; xapply "echo '%1'" 'x;echo y'
X
# xapply A24: options end at the first word that is not one.
run A24 <<'X'
xapply echo -n -x
X
# xapply A25: -- ends options; letters combine with a count.
run A25 <<'X'
xapply -n2 -- '' -a -b
X
