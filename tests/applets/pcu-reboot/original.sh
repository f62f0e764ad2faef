# power 9: the original's command line, and its words.
. "$TESTS/power.sh"
strips --stuck=4
{ rack a 1 'web[1-2]' '[1-2]'; rack b 1 status,stuck '[3,4]' 'state-timeout 1s'; } >pcu.conf
pcu-reboot web1 test | untimed
wc -l <serve.1.log
pcu-reboot --off-time 0s web1 | untimed
cut -d' ' -f2,3 serve.1.log
echo '--- its words'
pcu-reboot --legacy-output web2 test web1
pcu-reboot --off-time 0s --legacy-output web2
pcu-reboot --legacy-output stuck web1 test
pcu-reboot --off-time 0s --legacy-output stuck
echo "[$?]"
echo '--- a host called as an action'
pcu-reboot --off-time 0s -- status | untimed
