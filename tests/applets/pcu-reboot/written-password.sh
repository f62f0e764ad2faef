# A password that stands in powerman's own device file, at a device that echoes
# it: it is in no trace, message, record or journal.
. "$TESTS/power.sh"
cat >device.sh <<'END'
# Asks for a password, shows it, and knows one plug; "on" makes it say it again.
printf 'login: '; read -r user
printf 'Password : '; read -r password
printf '%s\nwelcome, %s\n> ' "$password" "$user"
while read -r verb plug; do
  case $verb in
  status) printf 'plug 1 off\n> ' ;;
  on) printf 'bad key %s\n' "$password" ;;
  quit) exit ;;
  esac
done
END
cat >strip.dev <<'END'
specification "strip" {
  timeout 2
  plug name { "1" }
  script login {
    expect "login: "
    send "ops\n"
    expect "[Pp]assword ?: "
    send "swordfish\n"
    expect "> "
  }
  script logout { send "quit\n" }
  script status_all { send "status\n" expect "plug ([0-9]+) (on|off)\n" setplugstate $1 $2 on="on" off="off" expect "> " }
  script on { send "on %s\n" expect "> " }
  script off { send "off %s\n" expect "> " }
}
END
cat >pcu.conf <<'END'
include "strip.dev"
device "p" "strip" "/bin/sh device.sh |&"
node "web1" "p" "1"
END
pcu-reboot --trace --record session status web1 2>&1 | untimed | tee printed
pcu-reboot --trace on web1 2>&1 | untimed | tee -a printed
pcu-reboot -v journal >>printed
grep -rl swordfish printed session state run
pcu-reboot lint --against session strip.dev && echo the same
sed 's/\*\*\*/swordfish/' session >older
pcu-reboot lint --against older strip.dev && echo the same
