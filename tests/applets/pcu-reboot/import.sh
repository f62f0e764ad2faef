# power 8: the original's records become an inventory that works; old names of
# models are translated; who has no password is told so where one is needed.
. "$TESTS/power.sh"
command -v python3 >/dev/null || skip 'there is no python3'
serve python3 "$TESTS/fakes/menus.py" $net.1 menus.conf
cat >records.json <<END2
[ {"pcu_id": 7, "site_id": 3, "hostname": "", "ip": "$net.1", "username": "operator",
   "password": "3 %ct\"\\\\", "model": "WTI_IPS-4", "node_ids": [11, 12], "ports": [3, 4],
   "nodes": [ {"node_id": 11, "hostname": "web1"}, {"node_id": 12, "hostname": "web2"} ]},
  {"pcu_id": 8, "site_id": 3, "hostname": "", "ip": "$net.1", "username": "operator",
   "password": "", "model": "WTI_IPS-4", "node_ids": [13], "ports": [1],
   "nodes": [ {"node_id": 13, "hostname": "web3"} ]},
  {"pcu_id": 9, "site_id": 3, "hostname": "", "ip": "$net.1", "username": "",
   "password": null, "model": "manualadmin", "node_ids": [14], "ports": [1],
   "nodes": [ {"node_id": 14, "hostname": "old1"} ]} ]
END2
pcu-reboot import records.json >imported.conf 2>told
echo "[$?]"
sed "s/$net/NET/g" imported.conf told
grep -c "3 %ct" imported.conf told
pcu-reboot secret list | sed "s/$net/NET/g"
echo '--- it works'
port=$(sed -n 's/.*"wti".* telnet \([0-9]*\) .*/\1/p' menus.conf)
sed "s/ports telnet/ports telnet $port/; /ip /s/\$/ ports telnet $port/" imported.conf |
  awk '/ports telnet .*ports telnet/ { sub(/ ports telnet [0-9]*$/, "") } { print }' >pcu.conf
pcu-reboot lint pcu.conf | sed "s/$net/NET/g"
pcu-reboot cycle --off-time 0s web1 | untimed | sed "s/$net/NET/g"
pcu-reboot -q status web3 old1 >out
echo "[$?]"
sed "s/$net/NET/g" out
grep -v login serve.1.log
