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
echo '--- what its model or protocol cannot do, as it would fail'
{
  rack s 1 'web[1-2]' '[1-2]'
  echo "pcu \"old\" { model \"IPAL-telnet\" secret file:$PWD/password node \"far1\" \"1\"
    ip \"$net.9\" }"
  echo "pcu \"amt\" { model \"amt\" user \"admin\" secret file:$PWD/password node \"pc1\" \"1\"
    ip \"$net.9\" }"
  ipmi 1
  echo "pcu \"b\" { ip \"$net.9\" ports ipmi user \"admin\" secret file:$PWD/password }"
  echo 'node "both" feeds "s/3" "b/1"'
  echo 'node "two" feeds "s/4" "s/5"'
} | sed "s/$net/10.9.8/" >pcu.conf
tell() {
  pcu-reboot -n "$@" >out
  code=$?
  grep -e ': FAILED' -e ': would' out
  echo "[$code]"
}
tell reset web1 both two pc1 far1
tell status far1 web1
tell bootdev pxe pc1 h1 web1
tell cycle far1 two
