# look_for_secret.py hold|run|core COMMAND...: runs it, and looks at it and its children;
# the password is in the file canary. hold: once it has used it, as it cannot
# print its last words, its memory is searched. core: it is killed with one.
import base64, fcntl, os, re, signal, subprocess, sys, time
canary = open('canary', 'rb').read().strip()
forms = [canary, canary[:12], canary[-12:], canary[::-1]]
# What is left of it where something is written otherwise.
forms += re.findall(rb'[A-Za-z0-9]{6,}', canary)
# Base64 has three of them, by what stands in front.
forms += [base64.b64encode(b'x' * n + canary)[4 if n else 0:-4] for n in range(3)]
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
