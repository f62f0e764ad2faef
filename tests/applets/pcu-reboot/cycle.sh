# power 39, 40: cycles by IPMI; a host that was off ends on.
. "$TESTS/power.sh"
controllers --count=40 --dead=1
for i in $(seq 40); do ipmi $i; done >pcu.conf
pcu-reboot off h1 | untimed
pcu-reboot --off-time 1s cycle h1 h2 | untimed | sort
kill -USR1 $served
await 'grep -q "^$net.40" serve.1.log'
grep -e "^$net.1:" -e "^$net.2:" serve.1.log |
  sed 's/^[^ ]* \([^ ]*\).* \(on [0-9]* off [0-9]* cycle [0-9]*\) .*/\1: \2/'
echo '--- one of 40 is mute'
pcu-reboot -t 2s --json status 'h[1-40]' >answers
echo "[$?]"
grep -c '"after":"on"' answers
grep '"outcome":"failed"' answers | sed 's/.*"target":"\([^"]*\)".*"class":"\([^"]*\)".*/\1 \2/'
# The mute one held nobody up.
sed -n 's/.*"outcome":"done".*"ms":\([0-9]*\).*/\1/p' answers | sort -n | tail -1 |
  { read -r ms && [ "$ms" -lt 1500 ] && echo 'the others soon'; }
