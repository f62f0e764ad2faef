# power 32: a device line of ipmipower, with that program nowhere.
. "$TESTS/power.sh"
[ "$(id -u)" = 0 ] || skip 'port 623 is for root'
[ -e /etc/powerman/ipmipower.dev ] || skip 'there is no ipmipower.dev'
serve "$FAKES/bmc" --address=$net.1 --count=3 --dead=1 --ready-fd=3
at=$net.
cat >powerman.conf <<END
include "/etc/powerman/ipmipower.dev"
device "b" "ipmipower" "/nowhere/ipmipower -h $at[1-2] -u admin -p secret --wait-until-on --wait-until-off |&"
device "wrong" "ipmipower" "/nowhere/ipmipower -h ${at}2 -u admin -p nonsense |&"
device "dead" "ipmipower" "/nowhere/ipmipower -h ${at}3 -u admin -p secret |&"
device "other" "ipmipower" "/nowhere/ipmipower --frobnicate -h ${at}1 |&"
node "h[1-2]" "b" "$at[1-2]"
node "w" "wrong" "${at}2"
node "d" "dead" "${at}3"
node "o" "other" "${at}1"
END
export PCU_REBOOT="--config powerman.conf --run-dir run --state-dir state"
pcu-reboot -q status 'h[1-2]'
pcu-reboot off h1 | untimed
pcu-reboot status 'h[1-2]' | untimed | sort
pcu-reboot on h1 | untimed
pcu-reboot cycle --off-time 0s h2 | untimed
echo '--- refused; another option, which only the program could know'
pcu-reboot status w | untimed
pcu-reboot status o | sed 's/it printed.*//' | untimed
