# power 42: a strip of SNMP that a device file describes; the example of device(5).
. "$TESTS/power.sh"
strips
cat >strip.dev <<'END'
language 2
specification "strip" {
    transport snmp
    plug name { "1" "2" "3" "4" }
    snmp {
        get "1.3.6.1.4.1.318.1.1.4.4.2.1.3.$1" on 1 off 2 pending 3 5
        set "1.3.6.1.4.1.318.1.1.4.4.2.1.3.$1" on 1 off 2 cycle 3
    }
}
END
pcu-reboot lint strip.dev
{
  echo 'include "strip.dev"'
  rack a 1 'web[1-4]' '[1-4]' | sed 's/apc-masterswitch/strip/'
} >pcu.conf
pcu-reboot -q status 'web[1-4]'
pcu-reboot off web3 | untimed
pcu-reboot status web3 web4 | untimed | sort
pcu-reboot cycle --off-time 0s web4 | untimed
sed 's/ [0-9]*$//; s/^[^ ]* //' serve.1.log
echo '--- a table with a mistake'
sed -i 's/get/put/' strip.dev
pcu-reboot status web1
echo "[$?]"
