# --pack: as many items as fit in one command, each of them one word.
. "$TESTS/fanout.sh"
xapply --pack=3 'echo %u:' 1 2 3 4 5 6 7
xapply --pack 'echo %* end' 1 2 3
xapply -f --pack=3 'echo' f3
xapply -f --pack=2 'echo' f3
echo -- words
xapply --pack 'printf "<%%s>\n"' 'a b' "it's" '$x `y`' '' '*' 'two
lines'
echo -- many
seq 200000 >many
xapply -f --pack '/bin/echo' many >out
tr ' ' '\n' <out | cmp - many && echo all
[ "$(wc -l <out)" -lt 50 ] && echo few
echo -- long ones
head -c 100000 /dev/zero | tr '\0' x >one
for i in 1 2 3 4; do cat one; echo; done >four
xapply -f --pack 'echo' four | tr ' ' '\n' | cmp - four && echo whole
run other-forms <<'X'
xapply --pack 'echo %1' a b; echo rc=$?; xapply --pack 'echo %[*/1]' a; echo rc=$?
X
run none <<'X'
xapply --pack -N 'echo nothing' 'echo'
X
