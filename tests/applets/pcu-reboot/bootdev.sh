# bootdev: what hosts start from the next time: by IPMI, and refused by what cannot do it.
. "$TESTS/power.sh"
controllers --count=3
bmcs=$served
strips
{
  ipmi 1
  ipmi 2
  ipmi 3 | sed 's/node "h3" "1"//'
  rack a 1 web1 1
  echo 'node "db1" feeds "a/2" "bmc3/1" protect "h2"'
} >pcu.conf
pcu-reboot bootdev pxe h1 | untimed
echo "[$?]"
for device in none disk cdrom bios; do
  pcu-reboot -q bootdev $device h1 || echo "[$?]"
done
pcu-reboot --json bootdev pxe h1 | sed 's/"ms":[0-9]*/"ms":N/; s/"started":"[^"]*"/"started":T/; s/"journal":"[^"]*"/"journal":J/'
pcu-reboot --no-wait bootdev bios h1 | untimed
pcu-reboot status h1 | untimed
echo '--- those that cannot'
pcu-reboot bootdev pxe web1
echo "[$?]"
cat serve.2.log
echo '--- one of two feeds can'
pcu-reboot bootdev pxe db1 | untimed
echo '--- guards, and a dry run'
pcu-reboot bootdev pxe h2
echo "[$?]"
pcu-reboot --max 1 bootdev pxe h1 web1
echo "[$?]"
pcu-reboot -n bootdev disk h1 | sed "s|$net|NET|; s|$PWD|PWD|"
pcu-reboot bootdev floppy h1
echo "[$?]"
pcu-reboot bootdev
echo "[$?]"
pcu-reboot bootdev pxe
echo "[$?]"
echo '--- the journal'
pcu-reboot journal h1 | sed 's/^[^ ]* [^ ]*/T W/'
kill -USR1 $bmcs
await 'grep -q received serve.1.log'
sed 's/.* \(on [0-9]* off\)/\1/' serve.1.log
