# power 32: a device line of ipmipower, with that program nowhere.
. "$TESTS/power.sh"
[ "$(id -u)" = 0 ] || skip 'port 623 is for root'
[ -e /etc/powerman/ipmipower.dev ] || skip 'there is no ipmipower.dev'
serve "$FAKES/bmc" --address=$net.1 --count=2 --ready-fd=3
at=$net.
cat >powerman.conf <<END
include "/etc/powerman/ipmipower.dev"
device "b" "ipmipower" "/nowhere/ipmipower -h $at[1-2] -u admin -p secret --wait-until-on --wait-until-off |&"
device "wrong" "ipmipower" "/nowhere/ipmipower -h ${at}2 -u admin -p nonsense |&"
device "other" "ipmipower" "/nowhere/ipmipower --frobnicate -h ${at}1 |&"
node "h[1-2]" "b" "$at[1-2]"
node "w" "wrong" "${at}2"
node "o" "other" "${at}1"
END
export PCU_REBOOT="--config powerman.conf --run-dir run --state-dir state"
# The second of them with another password.
mixed() {
  serve "$FAKES/bmc" --address=$net.11 --ready-fd=3
  serve "$FAKES/bmc" --address=$net.12 --user=admin:else:4 --ready-fd=3
  cat >mixed.conf <<END
include "/etc/powerman/ipmipower.dev"
device "m" "ipmipower" "/nowhere/ipmipower -h $net.11,$net.12,$net.13 -u admin -p secret |&"
node "m[1-3]" "m" "$net.[11-13]"
END
  for turn in 1 2; do pcu-reboot -c mixed.conf "$@" | sort; done | told
}
told() { sed -e "s|$at|NET.|" -e 's/it printed.*//' | untimed; }
pcu-reboot off h1 | told
pcu-reboot status 'h[1-2]' | told | sort
pcu-reboot on h1 | told
pcu-reboot cycle --off-time 0s h2 | told
echo '--- refused; another option, which only the program could know'
for verb in 'on w' 'status w' 'w test'; do
  rm -f state/lockout
  pcu-reboot $verb >out
  echo "[$?]"
  told <out
done
pcu-reboot status w | told | sed 's/until [^ ]*/until T/'
pcu-reboot status o | told
echo '--- snmppower'
strips --port=10161
cat >powerman.conf <<END
specification "masterswitch" {
  timeout 10
  plug name { "1" "2" "3" "4" "5" "6" "7" "8" }
  script login { expect "snmppower> " send "start_v2c private\n" expect "snmppower> " }
  script logout { send "finish\n" expect "snmppower> " }
  script status_all {
    foreachplug {
      send "get enterprises.318.1.1.4.4.2.1.3.%s\n"
      expect "enterprises.318.1.1.4.4.2.1.3.([1-8]): ([0-9]+)\n"
      setplugstate \$1 \$2 on="1" off="2"
      expect "snmppower> "
    }
  }
  script on {
    send "set enterprises.318.1.1.4.4.2.1.3.%s i 1\n"
    expect "[1-8]: 1\n" expect "snmppower> "
  }
  script off {
    send "set enterprises.318.1.1.4.4.2.1.3.%s i 2\n"
    expect "[1-8]: 2\n" expect "snmppower> "
  }
}
device "s" "masterswitch" "/nowhere/snmppower -h $net.1:10161 |&"
node "s[1-8]" "s"
END
pcu-reboot -q status 's[1-8]'
pcu-reboot cycle --off-time 0s s3 | untimed
pcu-reboot off s5 | untimed
sed 's/ [0-9]*$//; s/^[^ ]* //' serve.2.log
echo '--- one of three refuses, one is not there'
mixed status 'm[1-3]'
