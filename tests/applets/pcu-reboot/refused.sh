# power 14, 15, 27, 39: refused credentials, nobody there, a state that does not
# follow.
. "$TESTS/power.sh"
controllers --stubborn=1 --count=2
echo wrong >wrong
chmod 600 wrong
{
  ipmi 1
  ipmi 2 | sed "s|/password|/wrong|"
  ipmi 3
} >pcu.conf
echo '--- credentials'
pcu-reboot -q status h2
echo "[$?]"
pcu-reboot -q status h2 >out
echo "[$?]"
sed 's/until [^ ]*Z/until T/' out
kill -USR1 $served
await 'grep -q "^$net.2" serve.1.log'
grep "^$net.2" serve.1.log | sed "s/$net/NET/; s/received.*rakp3s/rakp3s/"
printf 'secret\n' >wrong
pcu-reboot status h2 | untimed
echo '--- nobody there'
start=$(date +%s%N)
pcu-reboot -q status h3
echo "[$?]"
[ $((($(date +%s%N) - start) / 1000000)) -lt 5000 ] && echo 'at once'
echo '--- stubborn'
pcu-reboot --state-timeout 1s off h1
echo "[$?]"
