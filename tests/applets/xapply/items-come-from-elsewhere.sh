# --null is -z, --args-from deals the lines of a file as if they stood on the
# command line.
. "$TESTS/fanout.sh"
xapply -f --null -n '[%1]' z3
xapply --args-from=f3 -n '<%1>'
printf '1\n2\n3\n4\n' | xapply --args-from=- -2 -n '%1+%2'
xapply --args-from=z3 --null -n '{%1}'
run no-multiple <<'X'
xapply --args-from=f3 -2 -n '%1+%2'
X
run missing <<'X'
xapply --args-from=nosuch -n '%1'; [ $? != 0 ] && echo refused
X
