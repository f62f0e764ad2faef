# power 49: an interruption brings to its end what has begun.
. "$TESTS/power.sh"
strips --count=100 --delay=10ms
for i in $(seq 100); do rack r$i $i "web$i" 1; done >pcu.conf
# The shell lets what runs in the background ignore SIGINT.
env --default-signal=INT pcu-reboot -j 10 --yes --off-time 2s cycle 'web[1-100]' \
  >out 2>err &
pid=$!
await 'grep -q " off " serve.1.log'
kill -INT $pid
wait $pid
echo "[$?]"
sed 's/^pcu-reboot: //' err
[ "$(cut -d: -f1 out | sort -u | wc -l)" = 100 ] && [ "$(wc -l <out)" = 100 ] && echo 'a line for each'
# What was switched off is on again; what was not tried was not touched.
cycled=$(grep -c ': cycled' out)
[ "$cycled" -gt 0 ] && [ "$(grep -c ' off ' serve.1.log)" = "$cycled" ] &&
  [ "$(grep -c ' on ' serve.1.log)" = "$cycled" ] && echo resolved
[ "$(grep -c 'skipped: not tried: interrupted' out)" = $((100 - cycled)) ] &&
  echo listed
echo '--- twice'
pcu-reboot --off-time 60s cycle web1 >out 2>err &
pid=$!
await '[ "$(grep "^$net.1 " serve.1.log | grep -c " off ")" -ge 1 ] && [ -s serve.1.log ]'
await 'grep "^$net.1 " serve.1.log | tail -1 | grep -q " off "'
kill -TERM $pid
await 'grep -q interrupted err'
kill -TERM $pid
wait $pid
echo "[$?]"
cat out
