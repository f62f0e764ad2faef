# A section that is cut off by a signal is not lost, be it the one that holds
# the stream or one that waits; nor are those that were finished.
. "$TESTS/fanout.sh"
: >out
xapply -m -P3 'case %1 in
  first) echo first; touch up.1; sleep 100;;
  whole) ./await "grep -q first out"; echo whole; touch up.2;;
  part) ./await "grep -q first out"; echo part; touch up.3; sleep 100;;
esac' first whole part >out &
pid=$!
await 'test -e up.1 -a -e up.2 -a -e up.3'
kill -TERM $pid
wait $pid 2>/dev/null
echo "$?"
sort out
