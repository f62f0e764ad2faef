# power 16, 20: a secret that others may read, and one that the way in cannot
# carry, are refused with what is wrong; nothing is sent.
. "$TESTS/power.sh"
controllers --count=2
bmcs=$served
strips
{ ipmi 1; ipmi 2 | sed 's|/password|/long|'; rack a 1 web1 1; } >pcu.conf
chmod 644 password community
printf '%021d' 0 >long
chmod 600 long
for host in h1 web1 h2; do
  pcu-reboot -q off $host >said 2>&1
  echo "[$?] $(sed "s|$PWD|PWD|g" said)"
  pcu-reboot --json off $host | sed 's/.*"class":\("[a-z]*"\).*/\1/'
done
pcu-reboot lint | sed "s|$PWD|PWD|g"
echo '--- nothing was sent'
wc -l <serve.2.log
kill -USR1 $bmcs
await "grep -q received serve.1.log"
sed "s/$net/NET/" serve.1.log
