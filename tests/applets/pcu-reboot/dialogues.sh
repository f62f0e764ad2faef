# power 27, 33: a dialogue with a device over telnet: switched, refused, closed;
# what is said is recorded, and tried with the model again.
. "$TESTS/power.sh"
command -v python3 >/dev/null || skip 'there is no python3'
cat >device.py <<'END'
# A strip of two outlets with a prompt; whoever switches the second is cut off.
import socket, sys, threading
on = {'1': True, '2': True}
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((sys.argv[1], 10023))
server.listen(5)
def serve(c):
    f = c.makefile('rw', newline='\n')
    def say(text):
        f.write(text); f.flush()
    say('login: '); f.readline()
    say('password: ')
    if f.readline().strip() != 'hunter2':
        say('refused\n'); c.close(); return
    say('> ')
    for line in f:
        w = line.split()
        if w[:1] == ['status']:
            say(''.join('plug %s %s\n' % (p, 'on' if s else 'off') for p, s in on.items()))
        elif w[:1] in (['on'], ['off']):
            if w[1] == '2':
                c.shutdown(2); return
            on[w[1]] = w[0] == 'on'
        elif w[:1] == ['mute']:
            continue
        elif w[:1] == ['quit']:
            c.close(); return
        say('> ')
import os
os.write(3, b'r')
while True:
    c, _ = server.accept()
    threading.Thread(target=serve, args=(c,), daemon=True).start()
END
serve python3 device.py $net.1
echo hunter2 >password
cat >pcu.conf <<END
language 2
specification "prompt" {
  timeout 10  transport telnet
  plug name { "1" "2" }
  script login {
    expect "login: " send-user "\n" expect "password: " send-secret "\n"
    expectany { "refused" { fail auth "the password was refused" } "> " { } }
  }
  script logout { send "quit\n" }
  script status_all {
    send "status\n"
    foreachplug { expect "plug ([0-9]+) (on|off)\n" setplugstate \$1 \$2 on="on" off="off" }
    expect "> "
  }
  script on { send "on %s\n" expect "> " }
  script off { send "off %s\n" expect "> " }
}
pcu "p" { model "prompt" ip "$net.1" ports telnet 10023 user "admin"
  secret file:$PWD/password node "web[1-2]" "[1-2]" }
END
pcu-reboot -q status web1 web2
pcu-reboot --record session off web1 | untimed
pcu-reboot status web1 web2 | untimed | sort
grep -c hunter2 session
pcu-reboot lint --against session pcu.conf && echo 'the same'
pcu-reboot --off-time 0s cycle web1 | untimed
echo '--- closed in the middle'
pcu-reboot -q --retries 0 off web2
echo "[$?]"
echo '--- prints nothing any more'
pcu-reboot --step-timeout 20s on web1 | untimed
sed -i 's/send "on %s/send "mute %s/' pcu.conf
pcu-reboot -q off web1
pcu-reboot -q --retries 0 --step-timeout 2s on web1 | sed 's/it printed.*; the/it printed ...; the/'
echo '--- refused, with two plugs'
echo wrong >password
pcu-reboot -q on web1 web2
echo "[$?]"
