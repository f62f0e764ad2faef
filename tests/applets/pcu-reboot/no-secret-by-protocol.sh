# power 17: once a password has been used, by whatever protocol, it is in no memory
# that is not locked, and nowhere else.
. "$TESTS/web.sh"
command -v python3 >/dev/null || skip 'there is no python3'
[ "$(id -u)" = 0 ] || skip 'only root may read what a process hides'
# Bytes that XML, JSON and a URI write otherwise.
printf 'Zebra77"<Quagga99&\\Okapi' >canary
chmod 600 canary
cp canary password
word=$(cat canary)
xml='Zebra77&quot;&lt;Quagga99&amp;\Okapi'
# A line for the host has room, the summary has not.
watch() {
  echo "--- $1"
  shift
  ROOM=45 python3 "$TESTS/look_for_secret.py" hold pcu-reboot --trace "$@"
}
strips --count=1 --community="$word"
echo "pcu \"a\" { model \"apc-masterswitch\" ip \"$net.1\" ports snmp 10161
  secret file:$PWD/password node \"w1\" \"1\" }" >pcu.conf
watch SNMP status w1
web redfish --user="root:$word"
tls
plug r1 redfish redfish 1 "user \"root\" tls-pin \"$pin\"" >pcu.conf
watch 'Redfish, a session' status r1
web redfish --user="root:$word" --no-sessions
tls
plug b1 redfish redfish 1 "user \"root\" tls-pin \"$pin\"" >pcu.conf
watch 'Redfish, Basic' status b1
web amt --password="$word"
plug d1 amt amt 1 'user "admin"' >pcu.conf
watch 'AMT, a digest' status d1
web ribcl --password="$xml"
tls
plug i1 ribcl ribcl 1 "user \"Administrator\" tls-pin \"$pin\"" >pcu.conf
watch RIBCL status i1
echo '--- what was printed and kept'
untimed <printed
grep -rlF -e 'Zebra77' -e 'Quagga99' printed errors state run secrets 2>/dev/null
true
