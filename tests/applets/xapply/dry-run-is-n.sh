# --dry-run: nothing runs. A token that is only shown may be in use.
. "$TESTS/fanout.sh"
xapply --dry-run -P4 'touch %1' a b
ls a b 2>&1 | grep -c 'No such'
run tokens <<'X'
xapply -n 'echo %t1' a
X
