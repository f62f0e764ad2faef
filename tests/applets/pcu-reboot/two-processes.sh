# power 48: one process at a time works on a PCU.
. "$TESTS/power.sh"
strips
rack a 1 'web[1-3]' '[1-3]' >pcu.conf
pcu-reboot --off-time 3s cycle web1 >first.log &
first=$!
await 'grep -q " 1 off" serve.1.log'
pcu-reboot off web2 >second.log &
second=$!
pcu-reboot -t 1s status web3 >third.log
echo "[$?]"
sed "s/process $first /process FIRST /" third.log
wait $first && wait $second && echo both
untimed <first.log
untimed <second.log
cut -d' ' -f2,3 serve.1.log
echo '--- the holder is killed'
pcu-reboot --off-time 30s cycle web1 >first.log &
first=$!
await '[ "$(grep -c " 1 off" serve.1.log)" = 2 ]'
pcu-reboot -t 10s status web3 >second.log & # of the holder's 30
second=$!
kill -9 $first
wait $second && untimed <second.log
echo '--- and what it left is told'
pcu-reboot on web1 2>&1 | untimed | sed 's/begun [^ ]*Z by [^ ,]*,/begun T by W,/'
pcu-reboot off web1 2>&1 | untimed
pcu-reboot journal web1 | sed 's/^[^ ]* [^ ]*/T W/'
