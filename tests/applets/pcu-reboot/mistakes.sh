# power 4: what is wrong with an inventory is told by lint, each with its file,
# line and rule; whatever else reads one ends with the same text, and does nothing.
. "$TESTS/power.sh"
cat >strip.dev <<'END'
specification "s" {
  timeout 5
  script on { send "on %s" }
  script on { send "on %s" }
  script off { send "off %d" }
}
END
cat >pcu.conf <<END
include "strip.dev"
specification "eight" {
  timeout 5
  plug name { "1" "2" "3" "4" "5" "6" "7" "8" }
  script on { send "on %s" }
}
device "p" "eight" "h:23"
device "q" "eight" "h:24"
pcu "q" { model "apc-masterswitch" ip "$net.1" node "good" "1" }
node "a" "p" "1"
node "b" "p" "1"
node "c" "p" "9"
node "d" "nowhere" "1"
listen "127.0.0.1:10101
END
pcu-reboot lint pcu.conf >lint
echo "[$?]"
cat lint
echo '--- the same text'
try() {
  pcu-reboot "$@" >said 2>&1 </dev/null
  code=$?
  sed 's/^pcu-reboot: //; s/^  //' said | cmp - lint && echo "[$code] $*"
}
for action in status on off cycle soft reset nmi verify; do try $action good; done
try identify on good
try bootdev pxe good
try -n cycle good
try good
try good test
try list
try models
try serve --config pcu.conf
check_pcu -c pcu.conf -H good
echo "[$?]"
fence_pcu -c pcu.conf -o status -n good
echo "[$?]"
ls
