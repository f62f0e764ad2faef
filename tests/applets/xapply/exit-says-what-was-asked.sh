# --exit: zero, any, count, first, worst; a signal counts as 128 and its number.
. "$TESTS/fanout.sh"
for policy in zero any count first worst; do
  xapply --exit=$policy 'exit %1' 0 3 7 5 0
  failed=$?
  xapply --exit=$policy 'exit %1' 0 0
  echo "$policy $failed $?"
done
xapply --exit=first 'kill -9 $$; : %1' a
echo "signal $?"
seq 150 | xapply -f --exit=count -P4 '/bin/false' -
echo "count $?"
xapply --exit=any 'exit' ; echo "nothing $?"
xapply --exit=sometimes 'exit' 1 2>err
echo "$? $(grep -c '^xapply: ' err)"
