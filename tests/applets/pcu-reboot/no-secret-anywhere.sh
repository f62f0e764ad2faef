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
cat >watch.py <<'END2'
# watch.py hold|run|core COMMAND...: runs it, and looks at it and its children;
# the password is in the file canary. hold: once it has used it, as it cannot
# print its last words, its memory is searched. core: it is killed with one.
import base64, fcntl, os, signal, subprocess, sys, time
canary = open('canary', 'rb').read().strip()
forms = [canary, canary[:12], canary[-12:], base64.b64encode(canary), canary[::-1]]
has = lambda data: any(form in data for form in forms)
seen = set()
def read(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError:
        return b''
def ours(pid):
    while pid not in (0, 1, process.pid):
        pid = int((read(f'/proc/{pid}/stat').rpartition(b')')[2].split() or [0, 0])[1])
    return pid == process.pid
def look():
    for pid in filter(str.isdigit, os.listdir('/proc')):
        if not ours(int(pid)):
            continue
        for name in ('cmdline', 'environ'):
            if has(read(f'/proc/{pid}/{name}')):
                seen.add((read(f'/proc/{pid}/comm').strip().decode(), name))
def search(pid):
    """How many regions were read, and those it is in: whether they are locked."""
    regions, found, begin = 0, [], None
    with open(f'/proc/{pid}/smaps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as mem:
        for line in maps:
            words = line.split()
            if '-' in words[0]:
                begin, end = (int(n, 16) for n in words[0].split('-'))
            elif words[0] == 'VmFlags:':
                try:
                    mem.seek(begin)
                    data = mem.read(end - begin)
                except (OSError, ValueError, OverflowError):
                    continue
                regions += 1
                if has(data):
                    found.append('locked' if 'lo' in words else 'open')
    return regions, found
mode, command = sys.argv[1], sys.argv[2:]
out, into = os.pipe()
if mode == 'hold':
    # Room for the line of a host, and not for the summary.
    fcntl.fcntl(into, 1031, 4096)
    os.write(into, b'x' * (4096 - int(os.environ.pop('ROOM'))))
process = subprocess.Popen(command, stdout=into, stderr=open('errors', 'ab'))
os.close(into)
if mode == 'hold':
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if read(f'/proc/{process.pid}/syscall').startswith(b'1 0x1 '):  # write(1
            break
        time.sleep(0.02)
    else:
        print('was not held')
    look()
    regions, found = search(process.pid)
    print('memory searched' if regions > 5 else 'no memory', *found)
    text = os.read(out, 1 << 16).lstrip(b'x')
    text += b''.join(iter(lambda: os.read(out, 1 << 16), b''))
    open('printed', 'ab').write(text)
else:
    os.set_blocking(out, False)
    text = b''
    killed = False
    while (ended := os.waitpid(process.pid, os.WNOHANG)) == (0, 0):
        look()
        # It has connected, and waits for an answer.
        if mode == 'core' and not killed and b'connect' in read('accepted'):
            time.sleep(0.1)
            print('in use, in memory that is', *sorted(set(search(process.pid)[1])))
            os.kill(process.pid, signal.SIGABRT)  # send_signal would reap it
            killed = True
        try:
            text += os.read(out, 1 << 16)
        except BlockingIOError:
            pass
        time.sleep(0.01)
    try:
        text += os.read(out, 1 << 16)
    except BlockingIOError:
        pass
    open('printed', 'ab').write(text)
if mode == 'hold':
    ended = os.waitpid(process.pid, 0)
print('signal', os.WTERMSIG(ended[1]), 'a core' if os.WCOREDUMP(ended[1]) else 'no core') \
    if os.WIFSIGNALED(ended[1]) else print('exit', os.WEXITSTATUS(ended[1]))
for who, where in sorted(seen):
    print('seen in', who, where)
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
watch() { python3 watch.py "$@"; }
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
