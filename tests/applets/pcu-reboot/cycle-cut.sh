# power 49: what a cycle has switched off, and cannot reach then, is switched on
# again and not cycled once more; where that fails, too, the line says what is dark.
. "$TESTS/power.sh"
command -v python3 >/dev/null || skip 'there is no python3'
cat >device.py <<'END2'
# A plug. Once it was switched off, the line is cut; and so often nobody gets in.
import os, socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
refusals, on, was_cut = int(sys.argv[3]), True, False
os.write(3, b'r')
while True:
    c, _ = server.accept()
    if was_cut and refusals > 0:
        refusals -= 1
        c.close()
        continue
    f = c.makefile('rw', newline='\n')
    f.write('> '); f.flush()
    for line in f:
        if line.startswith('stat'):
            f.write('plug 1 %s\n> ' % ('on' if on else 'off'))
        else:
            on = line.startswith('on')
            print(line.strip(), flush=True)
            f.write('> ')
        f.flush()
        if line.startswith('stat') and not on and not was_cut:
            was_cut = True
            c.shutdown(socket.SHUT_RDWR)
            break
END2
for n in 1 2; do
  serve python3 device.py $net.$n 10023 $((n == 1 ? 1 : 99))
done
{
  cat <<'END2'
language 2
specification "plain" {
  timeout 30  transport tcp  plug name { "1" }
  script login { expect "> " }
  script status { send "stat\n" expect "plug 1 (on|off)\n" setplugstate "1" $1 on="on" off="off" expect "> " }
  script on { send "on\n" expect "> " }
  script off { send "off\n" expect "> " }
}
END2
  for n in 1 2; do
    echo "pcu \"p$n\" { model \"plain\" ip \"$net.$n\" ports tcp 10023 node \"web$n\" \"1\" }"
  done
} >pcu.conf
for n in 1 2; do
  pcu-reboot cycle --off-time 0s web$n >out
  echo "[$?]"
  sed "s/$net/NET/g" out | untimed
  echo "was told: $(grep -c ^off serve.$n.log) off, $(grep -c ^on serve.$n.log) on"
done
pcu-reboot journal | sed 's/^[^ ]* //' | cut -c1-150
