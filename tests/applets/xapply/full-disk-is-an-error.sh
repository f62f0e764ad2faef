# What cannot be written is not passed over in silence.
. "$TESTS/fanout.sh"
[ -w /dev/full ] || skip 'there is no /dev/full'
run collated <<'X'
xapply -m 'echo' a b c >/dev/full; echo rc=$?
X
run joblog <<'X'
xapply --joblog=/dev/full 'echo' a >out; [ $? != 0 ] && echo failed
X
run dry-run <<'X'
xapply -n 'echo' a >/dev/full; echo rc=$?
X
