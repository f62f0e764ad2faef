# power 27: a device that takes no connection, and says nothing: it is told as that
# within --connect-timeout, however long a dialogue may take.
. "$TESTS/power.sh"
command -v python3 >/dev/null || skip 'there is no python3'
cat >full.py <<'END'
# A listener whose queue is full: who comes now is not answered.
import os, socket, sys, time
server = socket.socket()
server.bind((sys.argv[1], 10023))
server.listen(0)
waiting = []
for n in range(8):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex((sys.argv[1], 10023))
    waiting.append(c)
time.sleep(0.2)
os.write(3, b'r')
time.sleep(60)
END
serve python3 full.py $net.1
cat >pcu.conf <<END
language 2
specification "prompt" {
  timeout 50  transport telnet
  plug name { "1" }
  script login { expect "login: " send-user "\n" expect "> " }
  script status { send "status\n" expect "> " }
  script on { send "on\n" expect "> " }
  script off { send "off\n" expect "> " }
}
pcu "p" { model "prompt" ip "$net.1" ports telnet 10023 user "admin"
  secret file:$PWD/password node "web1" "1" }
END
# Less than the five seconds of the default, and of anything else.
timeout 4 pcu-reboot -q --connect-timeout 1s off web1
echo "[$?]"
