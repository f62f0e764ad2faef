# power 10: a dry run says what it would do; it opens no socket, and no secret.
. "$TESTS/power.sh"
{
  rack a 1 'web[1-2]' '[1-2]' 'stagger 0.5s off-time 8s sessions 2'
  ipmi 2
  echo "node \"db1\" feeds \"a/7\" \"a/8\""
} | sed "s/$net/10.9.8/" >pcu.conf
strace -f -qq -e trace=network,openat -o trace pcu-reboot -n cycle web1 web2 h2 db1 >out
echo "[$?]"
sed "s|$PWD|PWD|" out
grep -c -e AF_INET -e community -e password trace
pcu-reboot -n --json cycle web1 | sed 's/"started":"[^"]*"/"started":T/'
ls
