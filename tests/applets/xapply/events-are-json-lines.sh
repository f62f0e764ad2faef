# --events: an object a line, to a file or a descriptor.
. "$TESTS/fanout.sh"
xapply -m --events=ev 'echo out %1; exit %1' 0 4
xapply --events=fd:3 'true %1' a 3>ev3
for f in ev ev3; do
  grep -vc '^{.*}$' $f
  grep -oE '"event":"[a-z]+"' $f | sort | uniq -c | tr -s ' '
done
grep '"event":"end"' ev | grep -oE \
  '"(seq|xid|args|status|signal|attempt)":(\[[^]]*\]|"[^"]*"|[0-9]+)'
grep '"event":"end"' ev | grep -oE '"(wall|user|sys|maxrss)":' | sort | uniq -c |
  tr -s ' '
