# power 46: a host with two power supplies.
. "$TESTS/power.sh"
strips --count=2
{
  rack a 1 web1 1
  rack b 2 web2 1
  rack gone 9 web9 1
  echo 'node "db1" feeds "a/3" "b/3"'
  echo 'node "db2" feeds "a/4" "gone/4"'
} >pcu.conf
pcu-reboot --off-time 1s cycle db1 | untimed
cut -d' ' -f2,3 serve.1.log
pcu-reboot -t 2s --off-time 1s cycle db2
echo "[$?]"
grep ' 4 ' serve.1.log | cut -d' ' -f2,3
pcu-reboot status db1 | untimed
pcu-reboot off pcu:a/3 | untimed
pcu-reboot status db1 | untimed
