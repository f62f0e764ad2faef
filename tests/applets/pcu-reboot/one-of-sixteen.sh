# power 31: of 16 plugs that are switched at once the device says what came of
# each; the one that did not obey fails, with its words, and no other.
. "$TESTS/power.sh"
cat >device.sh <<'END'
# A strip: "on 1 [3-5,7]" and the like. Its plug 11 has lost its fuse.
printf '> '
while read -r verb plugs; do
  echo "$verb $plugs" >>asked
  case $verb in
  status)
    for n in $(seq 16); do
      if [ -e on.$n ]; then echo "plug $n: on"; else echo "plug $n: off"; fi
    done ;;
  on|off)
    echo "$plugs" | tr -d '[]' | tr , '\n' | while IFS=- read -r first last; do
      for n in $(seq $first ${last:-$first}); do
        if [ $n = 11 ]; then echo "plug $n: no fuse"; continue; fi
        if [ $verb = on ]; then : >on.$n; else rm -f on.$n; fi
        echo "plug $n: ok"
      done
    done ;;
  quit) exit ;;
  esac
  printf '> '
done
END
cat >pcu.conf <<'END'
specification "strip" {
  timeout 10
  plug name { "1" "2" "3" "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15" "16" }
  script login { expect "> " }
  script logout { send "quit\n" }
  script status_all {
    send "status\n"
    foreachplug { expect "plug ([0-9]+): (on|off)\n" setplugstate $1 $2 on="on" off="off" }
    expect "> "
  }
  script on_ranged {
    send "on %s\n"
    foreachplug { expect "plug ([0-9]+): ([^\n]+)\n" setresult $1 $2 success="^ok$" }
    expect "> "
  }
  script off_ranged {
    send "off %s\n"
    foreachplug { expect "plug ([0-9]+): ([^\n]+)\n" setresult $1 $2 success="^ok$" }
    expect "> "
  }
}
device "p" "strip" "/bin/sh device.sh |&"
node "web[1-16]" "p" "[1-16]"
END
pcu-reboot on 'web[1-16]' >out
echo "[$?]"
untimed <out | sort -V
pcu-reboot status 'web[1-16]' | tail -3
pcu-reboot off 'web[1-3,7]' | untimed | sort -V
cat asked
