# Nobody reads the output any more: no more items, the tasks are ended, 74.
. "$TESTS/fanout.sh"
{
  seq 1000 | env MARK="$PWD" xapply -m -P2 -f 'echo x >>ran; seq 100000; : %1' -
  echo "$?" >code
} 2>err | head -n 1
await 'test -s code'
cat code
[ "$(wc -l <ran)" -lt 100 ] && echo few
grep -c '^xapply: ' err
marked
# The same without -m is the tasks' own affair.
xapply 'seq 100000 2>/dev/null; : %1' 1 2 | head -n 1
