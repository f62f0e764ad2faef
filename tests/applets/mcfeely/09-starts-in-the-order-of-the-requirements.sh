# mcfeely 9: a first, then b, c, d.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 note <<'X'
echo "$1" >>"$MCFEELY_COMM_DIR/../order"
X
mcfeely-inject -wq -e 'task d h1 note d' -e 'task c h1 note c' \
  -e 'task b h1 note b' -e 'task a h1 note a' \
  -e 'require b a' -e 'require c b' -e 'require d a b' 2>/dev/null
echo "exit $?"
head -n 2 order; tail -n 2 order | sort
