# power 6, 7: how many, which are protected, what hangs on the same plug.
. "$TESTS/power.sh"
strips --outlets=48
{
  rack a 1 'web[1-40]' '[1-40]'
  rack twins 1 t1 41 'node "t2" "41" shared "41"'
  echo 'protect "web7"'
} >pcu.conf
rack forty 1 'db[1-40]' '[1-40]' >forty.conf
forty() { pcu-reboot -c forty.conf --off-time 0s "$@" cycle @all; }
forty
echo "[$?]"
forty --expect-count 41
echo "[$?]"
wc -l <serve.1.log
forty --expect-count 40 >out
echo "[$?] $(grep -c ': cycled (was on)' out)"
wc -l <serve.1.log
: >serve.1.log
echo '--- those that are named'
pcu-reboot off @all
echo "[$?]"
pcu-reboot off --expect-count 41 'web[1-40]'
echo "[$?]"
wc -l <serve.1.log
pcu-reboot -q off --expect-count 40 -x web7 -x web8 'web[1-40]'
echo "[$?]"
pcu-reboot off -q --expect-count 39 -x web7 'web[1-40]'
echo "[$?]"
pcu-reboot on 'web[6-8]' >out
echo "[$?]"
untimed <out | sort
pcu-reboot --force on 'web[6-8]' | untimed | grep web7
pcu-reboot --force off web7 | untimed
echo '--- shared'
pcu-reboot off t1
echo "[$?]"
pcu-reboot off t1 t2 | untimed | sort
pcu-reboot --shared on t1 | untimed
grep -c ' 41 off ' serve.1.log
# Nobody has said where the hosts are.
if [ -e /etc/fleetbox/pcu.conf ] || [ -e /etc/powerman/powerman.conf ]; then
  echo 'pcu-reboot: there is no inventory: neither /etc/fleetbox/pcu.conf nor /etc/powerman/powerman.conf exists; -c FILE names another'
else
  PCU_REBOOT='' pcu-reboot status web1
fi
