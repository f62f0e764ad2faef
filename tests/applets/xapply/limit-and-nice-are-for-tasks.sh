# --nice and --limit change the tasks, not xapply.
. "$TESTS/fanout.sh"
base=$(nice)
[ "$(xapply --nice=5 'nice; : %1' a)" = $((base + 5)) ] && echo nicer
xapply --limit=nofile:50 --limit=core:0 'ulimit -n; ulimit -c; : %1' a
for bad in nofile nosuch:5 nofile:x; do
  xapply --limit=$bad 'echo' a 2>/dev/null
  echo "$bad $?"
done
