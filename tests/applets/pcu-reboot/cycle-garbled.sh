# power 49: a cycle whose off is answered oddly, late or not at all, or whose state
# cannot be read behind it: what may be dark is switched on, and a cycle that
# nobody has seen is told as a failure.
. "$TESTS/power.sh"
command -v python3 >/dev/null || skip 'there is no python3'
cat >device.py <<'END2'
# A plug with one fault: what it does at its first off, or right behind it.
import os, socket, sys, threading, time
server = socket.create_server((sys.argv[1], 10023))
fault, on, is_over = sys.argv[2], True, False
os.write(3, b'r')

def switch(to):
    global on
    on = to
    print('went', 'on' if to else 'off', flush=True)

while True:
    c, _ = server.accept()
    f = c.makefile('rw', newline='\n')
    f.write('> '); f.flush()
    for line in f:
        word = line.strip()
        faulty = not is_over and (
            word == 'stat' and not on if fault == 'state' else word == 'off')
        is_over = is_over or faulty
        if word == 'stat':
            f.write('plug 1 o\n> ' if faulty else 'plug 1 %s\n> ' % ('on' if on else 'off'))
        elif not faulty:
            switch(word == 'on')
            f.write('ok\n> ')
        elif fault == 'done, but what?':
            switch(False)
            f.write('what?\n> ')
        elif fault == 'what?':
            f.write('what?\n> ')
        elif fault == 'cut':
            switch(False)
            c.shutdown(socket.SHUT_RDWR)
            break
        elif fault == 'late':
            threading.Timer(2, switch, [False]).start()
        f.flush()
END2
n=0
for fault in state 'done, but what?' 'what?' cut late; do
  n=$((n + 1))
  serve python3 device.py $net.$n "$fault"
done
{
  cat <<'END2'
language 2
specification "plain" {
  timeout 1  transport tcp  plug name { "1" }
  script login { expect "> " }
  script status { send "stat\n" expect "plug 1 (on|off)\n" setplugstate "1" $1 on="on" off="off" expect "> " }
  script on { send "on\n" expect "ok\n> " }
  script off { send "off\n" expect "ok\n> " }
}
END2
  for n in 1 2 3 4 5; do
    echo "pcu \"p$n\" { model \"plain\" ip \"$net.$n\" ports tcp 10023 node \"web$n\" \"1\" }"
  done
} >pcu.conf
for n in 1 2 3 4 5; do
  pcu-reboot cycle --off-time 0s --state-timeout 5s web$n >out
  echo "[$?]"
  sed "s/$net/NET/g" out | untimed
  cat serve.$n.log
done
echo '--- what was not read back'
pcu-reboot --json --no-wait off web1 | sed 's/.*\("outcome.*\),"transport.*/\1/'
