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
cp serve.1.log before
none() {
  pcu-reboot "$@" >said 2>&1
  echo "[$?] $(head -1 said)"
}
echo '# nobody' >nobody
: >empty
for action in status off cycle; do
  none $action
  none -f nobody $action
  none $action -f empty
  none $action - </dev/null
done
none test
pcu-reboot status - </dev/null
cmp before serve.1.log && echo 'nothing was sent'
