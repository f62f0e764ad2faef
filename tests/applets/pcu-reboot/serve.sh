# power 29, 30: powerman's client against pcu-reboot serve and against powermand,
# with the same configuration and powerman's own simulator of a device.
. "$TESTS/power.sh"
for program in powerman powermand vpcd; do
  command -v $program >/dev/null || skip "there is no $program"
done
[ -e /etc/powerman/vpc.dev ] || skip 'there is no vpc.dev'
powerman=/usr/bin/powerman
conf() {
  echo "listen \"$net.$1:10101\""
  cat <<'END'
include "/etc/powerman/vpc.dev"
device "v0" "vpc" "/usr/sbin/vpcd |&"
device "v1" "vpc" "/usr/sbin/vpcd |&"
node "t[0-15]" "v0"
node "u[08-11],x,z" "v1" "[0-5]"
alias "rack" "t3,u08"
END
}
conf 1 >theirs.conf
conf 2 >pcu.conf
powermand -f -c "$PWD/theirs.conf" >theirs.log 2>&1 &
serve_all=$!
serve pcu-reboot serve --config pcu.conf --run-dir run --state-dir state --ready-fd 3
await "$powerman -h $net.1 -l"
# What the client prints, without how often a device has been asked so far.
said() {
  $powerman -h "$@" >said 2>&1
  code=$?
  sed "s/actions=[0-9]*/actions=N/; s/'[0-9]* \(OK\|vpc>\)/'N \1/" said
  echo "[$code]"
}
theirs=$net.1
ours=$net.2
same() {
  said $theirs "$@" >theirs
  said $ours "$@" >ours
  if cmp -s theirs ours; then echo "same: $*"; else diff theirs ours; fi
}
same -l
same -q
same -1 't[1-3],rack'
same -q
same -x -q
same -c t1
same -Q 't[0-5]'
same -0 t1,u08
same -Q t1,u08
same -r t2
same -f t4
same -u t4
same -b
same -f t4,x
same -b
same -b t4,t5,x
same -u t4
same -x -b 't[3-5]'
same -t
same -t 't[0-2],x'
same -x -t t1
same -1 't[1-2]' -0 t3 -q
same -1 'nosuch,t1'
same -Q 't[3-1]'
same -D
same -x -D t1,u08
same -P t1
same -T -Q t1
same -T -x -Q 't[1-2]'
same -T -P t3
same -T -t t1
same -T -b t1
# The client of our own says the same, whoever serves.
powerman -h $net.2 -Q 't[0-15],u[08-11],x,z'
for at in 1 2; do
  for words in '-T -Q t1' '-D t1,u08' '-x -Q t1,u08' '-T -x -b t1' '-t t1' -l; do
    powerman -h $net.$at $words >ours.said 2>&1
    echo "[$?]" >>ours.said
    $powerman -h $net.$at $words >theirs.said 2>&1
    echo "[$?]" >>theirs.said
    sed -i "s/actions=[0-9]*/actions=N/; s/'[0-9]* \(OK\|vpc>\)/'N \1/" ours.said theirs.said
    if cmp -s ours.said theirs.said; then echo "our client: $words"; else diff theirs.said ours.said; fi
  done
done
# A telemetry of both has the switching in it; ours reads the state around it.
$powerman -h $net.2 -T -1 t9 | grep -e "on 9" -e Command
# A moment later than who asked hears it.
await 'grep -q host=t9 serve.1.log'
sed 's/^[^ ]* //' serve.1.log | grep 'host=t9'
# As powermand cycles: by the device's own script, which is believed.
conf 3 >native.conf
serve pcu-reboot serve --config native.conf --native-cycle --no-wait --run-dir run3 --state-dir state3 --ready-fd 3
$powerman -h $net.3 -1 t9
ours=$net.3
same -T -c t10
same -T -f t10
same -T -u t10
$powerman -h $net.3 -T -c t9 | grep -e '^send' -e Command  # no look between them
await 'grep -q host=t9.*action=cycle serve.2.log'
sed 's/^[^ ]* //' serve.2.log | grep 'host=t9'
# A device that says nothing: the errors have the same numbers and words. Ours
# says more of it (309).
faulty() {
  conf $1 | grep -v alias
  cat <<'END'
specification "mute" {
  timeout 1
  plug name { "1" }
  script login { send "hello\n" }
  script status_all { send "status\n" expect "never" }
  script on { send "on\n" expect "never" }
  script cycle { send "cycle\n" expect "never" }
}
device "m0" "mute" "/bin/cat |&"
node "m1" "m0" "1"
END
}
faulty 4 >faulty.theirs.conf
faulty 5 >faulty.conf
powermand -f -c "$PWD/faulty.theirs.conf" >faulty.log 2>&1 &
serve_all="$serve_all $!"
serve pcu-reboot serve --config faulty.conf --run-dir run5 --state-dir state5 --ready-fd 3
await "$powerman -h $net.4 -Q t1"
theirs=$net.4
ours=$net.5
said() {
  $powerman -h "$@" >said 2>&1
  code=$?
  grep -v '^m1: \(prompt\|unsupported\): ' said
  echo "[$code]"
}
same -x -q  # before -l, which makes powermand sort its list of nodes for good
same -q
same -Q m1,t1
same -1 m1
same -1 m1,t2
same -c m1
same -0 m1
$powerman -h $net.5 -Q m1
