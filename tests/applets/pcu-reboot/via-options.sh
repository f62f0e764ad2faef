# power 50: by way of another host, too: what hosts start from the next time, and
# how long a dialogue may wait.
. "$TESTS/power.sh"
controllers
mkdir far
cat >far/mute.sh <<'END'
# Says the state of a plug, and nothing once it is to switch it.
while read -r verb plug; do
  [ "$verb" = status ] && printf 'plug 1 off\n> '
done
END
{
  ipmi 1
  cat <<'END'
specification "mute" {
  timeout 30
  plug name { "1" }
  script status { send "status %s\n" expect "plug ([0-9]+) (on|off)\n" setplugstate $1 $2 on="on" off="off" expect "> " }
  script on { send "on %s\n" expect "done" }
}
pcu "m" { model "mute" program "/bin/sh" "mute.sh" step-timeout 2s node "web1" "1" }
END
} >far/pcu.conf
hub
via() { coded pcu-reboot --via hub "$@" | untimed; }
via bootdev pxe h1
via bootdev bios h1
via -n bootdev disk h1 | sed "s|$net|NET|; s|$PWD|PWD|"
via bootdev pxe web1
via bootdev floppy h1
echo '--- in both journals'
pcu-reboot journal h1 | grep -c 'bootdev bios'
pcu-reboot --state-dir far/state journal h1 | grep -c 'bootdev bios'
echo '--- as long as the other inventory has it, and as was asked for'
via --retries 0 on web1
via --retries 0 --step-timeout 1s on web1
