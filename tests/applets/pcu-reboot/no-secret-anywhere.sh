# power 17: a password is nowhere but in locked memory: not on a command line or
# in an environment, ours or a child's, not in what is printed, traced, recorded
# or kept, not in a core, and in no memory once it has been used.
. "$TESTS/power.sh"
command -v python3 >/dev/null || skip 'there is no python3'
[ "$(id -u)" = 0 ] || skip 'only root may read what a process hides'
cat >device.py <<'END2'
# Takes a password and a command, and pauses before it answers.
import os, socket, sys, threading, time
server = socket.create_server((sys.argv[1], 10023))
def serve(c):
    f = c.makefile('rw', newline='\n')
    open('accepted', 'w').write('connected')
    words = []
    for prompt in ('login: ', 'password: '):
        f.write(prompt); f.flush(); words.append(f.readline())
    f.write('> ' if words[0] == 'quiet\n' else words[1] + '> ')  # it echoes it
    f.flush()
    for line in f:
        time.sleep(0.3)
        f.write('plug 1 on\n> ' if line[0] == 's' else '> '); f.flush()
os.write(3, b'r')
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
END2
printf 'Zebra-77%%s"x\\Quagga' >canary
chmod 600 canary
cp canary password
serve python3 device.py $net.1
controllers --count=1 --address=$net.2 "--user=admin:$(cat canary):4"
cat >pcu.conf <<END2
language 2
specification "slow" {
  timeout 30  transport telnet  plug name { "1" }
  script login {
    expect "login: " send-user "\n" expect "password: " send-secret "\n" expect "> "
  }
  script status { send "status\n" expect "plug 1 (on|off)\n" setplugstate "1" \$1 on="on" off="off" expect "> " }
  script on { send "x\n" expect "> " }
  script off { send "x\n" expect "> " }
}
pcu "p" { model "slow" ip "$net.1" ports telnet 10023 user "admin" secret file:$PWD/password node "file" "1" }
pcu "q" { model "slow" ip "$net.1" ports telnet 10023 user "quiet" secret file:$PWD/password node "quiet" "1" }
pcu "e" { model "slow" ip "$net.1" ports telnet 10023 user "admin" secret env:CANARY node "env" "1" }
pcu "c" { ip "$net.2" ports ipmi 10623 user "admin" secret cmd:"cat $PWD/canary" node "program" "1" }
pcu "s" { ip "$net.2" ports ipmi 10623 user "admin" secret "kept" node "store" "1" }
END2
watch() { python3 "$TESTS/look_for_secret.py" "$@"; }
pcu-reboot secret set kept <canary
echo '--- while it runs'
watch run pcu-reboot --trace --record session status file
watch run pcu-reboot --json -v --trace on file program store
watch run pcu-reboot --off-time 0s --trace cycle store
watch run pcu-reboot list -v --json
watch run pcu-reboot journal
echo '--- when it has been used'
ROOM=40 watch hold pcu-reboot status file
ROOM=40 CANARY="$(cat canary)" watch hold pcu-reboot status env
ROOM=50 watch hold pcu-reboot status program
ROOM=50 watch hold pcu-reboot status store
echo '--- a core'
rm accepted
ulimit -c unlimited
watch core pcu-reboot status quiet
# Where nobody gets one, nothing is shown by that.
python3 -c 'import os, subprocess
status = os.waitpid(subprocess.Popen(["sh", "-c", "kill -ABRT $$"]).pid, 0)[1]
print("others have one" if os.WCOREDUMP(status) else "nobody has one")'
rm -f core*
echo '--- what was printed and kept'
wc -l <session | sed 's/^[1-9][0-9]*$/lines/'
grep -c ': on\|"on"' printed | sed 's/^[1-9][0-9]*$/lines/'
for word in "$(cat canary)" 'Zebra-77' 'Quagga'; do
  grep -rlF -e "$word" printed errors session state run secrets
done
cat errors | grep -v '^[pecs]: ' | head -5
