# power 10: a dry run says what it would do; it opens no socket, and no secret.
. "$TESTS/power.sh"
{
  rack a 1 'web[1-2]' '[1-2]' 'stagger 0.5s off-time 8s sessions 2'
  ipmi 2
  echo "node \"db1\" feeds \"a/7\" \"a/8\""
  # Nobody looks up a name, and no ssh is started.
  echo "pcu \"m\" { model \"BayTechRPC3NC\" host \"rpc.example\" ports ssh 22 user \"admin\"
    secret file:$PWD/password node \"db2\" \"1\" }"
} | sed "s/$net/10.9.8/" >pcu.conf
strace -f -qq -e trace=network,openat -o trace pcu-reboot -n cycle web1 web2 h2 db1 db2 >out
echo "[$?]"
sed "s|$PWD|PWD|" out
grep -c -e 'socket(' -e community -e password trace
pcu-reboot -n --json cycle web1 | sed 's/"started":"[^"]*"/"started":T/'
ls
