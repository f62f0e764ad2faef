# power 36: three packets of ten are lost each way: each of 50 controllers is
# heard, and carries its cycle out once.
. "$TESTS/power.sh"
controllers --count=50 --loss=0.3 --switch-time=500ms
for i in $(seq 50); do ipmi $i; done >pcu.conf
pcu-reboot -t 50s --yes --native-cycle cycle 'h[1-50]' >out 2>err
echo "[$?]"
# A power cycle that is over when the next answer gets through is not seen.
grep -c -e ': cycled (was on)' -e ': cycle accepted (was on, was not seen off)' out
kill -USR1 $served
await 'grep -q "^$net.50:" serve.1.log'
sed 's/.* \(on [0-9]* off [0-9]* cycle [0-9]*\) .*/\1/' serve.1.log | sort | uniq -c
