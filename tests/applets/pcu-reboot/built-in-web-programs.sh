# power 32: device lines of redfishpower and httppower, with the device files that
# use them and those programs nowhere; httppower says the same where it is.
. "$TESTS/web.sh"
[ "$(id -u)" = 0 ] || skip 'port 443 is for root'
[ -e /etc/powerman/dli.dev ] && [ -x /usr/sbin/httppower ] || skip 'powerman is not installed'
export PCU_REBOOT="--config powerman.conf --run-dir run --state-dir state"
told() { sed -e "s/$net/NET/g" -e "s/:$port/:PORT/g; s/$pin/PIN/g" -e 's/it printed.*//' | untimed; }
pin=none
echo '--- httppower: dli'
web dli
lines() {
  cat <<END
include "/etc/powerman/dli.dev"
device "strip" "dli" "$1 -u http://127.0.0.1:$port |&" $2
node "web[1-8]" "strip"
END
}
orders() {
  pcu-reboot -q status 'web[1-8]'
  coded pcu-reboot off web3 | told
  coded pcu-reboot off web3 | told
  coded pcu-reboot status web3 web4 | told
  coded pcu-reboot cycle --off-time 0s 'web[3-4]' | told | sort
  asked
}
lines /nowhere/httppower >powerman.conf
orders | tee ours
unserve $web_pid
web dli
lines /usr/sbin/httppower '"helper external"' >powerman.conf
orders >theirs
unserve $web_pid
cmp ours theirs && echo 'the program says the same'
echo '--- httppower: redfish-supermicro, by https'
web redfish --user=USER:PASS --follows=0s
tls
cat >powerman.conf <<END
include "/etc/powerman/redfish-supermicro.dev"
device "r" "redfish-supermicro" "/nowhere/httppower --url=https://127.0.0.1:$port |&" "tls-pin $pin"
node "h1" "r"
END
coded pcu-reboot status h1 | told
echo '--- redfishpower'
while read -r file model first; do
  echo "$model"
  unserve $served
  unserve $web_pid
  web redfish --user=USER:PASS --follows=0s --first=$first
  tls $net.1:443
  cat >powerman.conf <<END
include "/etc/powerman/$file.dev"
device "r" "$model" "/nowhere/redfishpower -h $net.[1-2] |&" "tls-insecure"
node "h[1-2]" "r" "$net.[1-2]"
END
  coded pcu-reboot -q status h1 | told
  coded pcu-reboot off h1 | told
  coded pcu-reboot status h1 | told
  coded pcu-reboot on h1 | told
  asked
done <<END
redfishpower-supermicro redfishpower-supermicro 1
redfishpower-cray-r272z30 redfishpower-cray-r272z30 Self
redfishpower-cray-windom redfishpower-cray-windom-node0 Node0
END
echo '--- redfishpower: another key'
sed -i 's/"tls-insecure"//' powerman.conf
coded pcu-reboot status h1 | told
echo '--- flags that are none'
echo "device \"q\" \"dli\" \"/nowhere/httppower |&\" \"tls-pin 12\"" >>powerman.conf
pcu-reboot status h1
