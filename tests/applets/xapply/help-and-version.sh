# -h and -V answer on standard output, with 0.
. "$TESTS/fanout.sh"
xapply -h | head -n 1 | cut -c 1-13
xapply -V | grep -c .
xapply -H | grep -c '%\[' | sed 's/^[1-9][0-9]*$/some/'
