# A host that comes on and goes off again is not on, where on has to last: by an
# option, the inventory or the model; by way of another host, too.
. "$TESTS/power.sh"
command -v python3 >/dev/null || skip 'there is no python3'
cat >device.py <<'END2'
# A plug that is on for three readings, and falls back then.
import os, socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
os.write(3, b'r')
left = 0
while True:
    c, _ = server.accept()
    f = c.makefile('rw', newline='\n')
    f.write('> '); f.flush()
    for line in f:
        if line.startswith('stat'):
            f.write('plug 1 %s\n> ' % ('on' if left > 0 else 'off'))
            left -= 1
        else:
            left = 3 if line.startswith('on') else 0
            f.write('> ')
        f.flush()
END2
serve python3 device.py $net.1 10023
inventory() {
  cat <<END2
language 2
specification "plain" {
  timeout 30  transport tcp  plug name { "1" }  $1
  script login { expect "> " }
  script status { send "stat\n" expect "plug 1 (on|off)\n" setplugstate "1" \$1 on="on" off="off" expect "> " }
  script on { send "on\n" expect "> " }
  script off { send "off\n" expect "> " }
}
pcu "p" { model "plain" ip "$net.1" ports tcp 10023 $2 node "web1" "1" }
END2
}
on() {
  pcu-reboot "$@" off web1 >/dev/null
  pcu-reboot "$@" on web1 >out
  echo "[$?]"
  untimed <out
}
inventory >pcu.conf
on
on --hold 5s
on --hold 200ms
inventory '' 'hold 5s' >pcu.conf
on
on --hold 0s
inventory 'hold 5' >pcu.conf
on
mkdir far
inventory >far/pcu.conf
hub
on --via hub
on --via hub --hold 5s
