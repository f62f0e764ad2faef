# power 11, 12, 21, 24, 28: every model with a menu over a real line: verified up
# to the question with nothing switched, read, and cycled.
. "$TESTS/power.sh"
command -v python3 >/dev/null || skip 'there is no python3'
serve python3 "$TESTS/fakes/menus.py" $net.1 pcu.conf
switched() {
  echo 'it was done:'
  tail -n +$((${seen:-0} + 1)) serve.1.log | grep -v login | sort
  seen=$(wc -l <serve.1.log)
}
echo '--- verify'
pcu-reboot -x h-bayused verify --with-confirmation @all | untimed | sort
switched
echo '--- status'
pcu-reboot -q status h-bayused h-ipaltelnet
pcu-reboot -x h-bayused,h-ipaltelnet status @all | tail -3
switched
echo '--- cycle'
pcu-reboot -x h-bayused cycle --off-time 0s @all | untimed | sort
switched
echo '--- the device does it'
pcu-reboot cycle --native-cycle --no-wait 'h-apc1p4,h-apc121p1,h-wti,h-ipal' | untimed | sort
switched
