# list, models, lint, secret, and mistakes in the inventory.
. "$TESTS/power.sh"
{ rack a 1 'web[1-2]' '[1-2]'; ipmi 2; echo 'protect "web1"'; } >pcu.conf
pcu-reboot list | sort
pcu-reboot list -v web1 | sed "s|$net|NET|; s|$PWD|PWD|"
pcu-reboot list --json web1 | sed "s|$PWD|PWD|"
echo '--- models'
pcu-reboot models | grep -x -e APCControl13p13 -e apc-rpdu2 -e ManualPCU
pcu-reboot models show OpenIPMI
pcu-reboot models show nothing
echo "[$?]"
echo '--- secrets'
echo 'pass word' | pcu-reboot secret set rack
pcu-reboot secret list
pcu-reboot secret rm rack
pcu-reboot secret list
pcu-reboot secret rm rack
echo "[$?]"
echo '--- mistakes'
echo 'pcu "x" { model "no-such-one" node "y" "1" }' >bad.conf
pcu-reboot -c bad.conf status y
echo "[$?]"
pcu-reboot lint bad.conf
echo "[$?]"
pcu-reboot -c nowhere.conf status y
echo "[$?]"
echo '--- a person'
echo 'pcu "m" { model "ManualPCU" node "old1" "1" }' >manual.conf
pcu-reboot -c manual.conf cycle old1
echo "[$?]"
