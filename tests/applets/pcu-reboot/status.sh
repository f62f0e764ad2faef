# power 1, 2, 3: status of hosts on two PCUs; unknown names; no targets.
. "$TESTS/power.sh"
strips --count=2
{ rack a 1 'web[1-2]' '[1-2]'; rack b 2 'web3' 5; } >pcu.conf
pcu-reboot status 'web[1-3]' >out
echo "[$?]"
untimed <out | sort
pcu-reboot off web2 | untimed
pcu-reboot status 'web[1-3]' | untimed | sort
echo '--- json'
pcu-reboot status --json web2 | sed 's/"ms":[0-9]*/"ms":N/; s/"started":"[^"]*"/"started":T/'
echo '--- unknown names'
cp serve.1.log before
strace -f -qq -e trace=network -o trace pcu-reboot status web1 nobody web2 'none[1-2]'
echo "[$?]"
grep -c AF_INET trace
cmp before serve.1.log && echo 'nothing was sent'
pcu-reboot --ignore-unknown status web1 nobody | untimed
echo '--- no targets'
pcu-reboot status 2>&1 | head -1
echo '# nobody' >none
pcu-reboot -f none status 2>&1 | head -1
pcu-reboot status - </dev/null 2>&1 | head -1
pcu-reboot status -
echo "[$?]"
