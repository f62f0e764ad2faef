# isinit 40: thousands of orphans end, and no zombie is left.
. "$TESTS/lib.sh"
unshare -Urpf --mount-proc true 2>/dev/null || skip 'no namespaces here'
cat >orphans.py <<'P'
# 10 000 processes whose parents have ended; those are nobody's children either.
import os, sys, time

def wait_for_all():
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass

for _ in range(20):
    if os.fork() == 0:
        for _ in range(500):
            if os.fork() == 0:
                if os.fork() == 0:
                    time.sleep(0.01)
                os._exit(0)
        os._exit(0)
wait_for_all()

def others():
    """Who is there besides process 1 and us, and how."""
    states = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in (1, os.getpid()):
            try:
                with open("/proc/%s/stat" % name) as f:
                    state = f.read().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            states[state] = states.get(state, 0) + 1
    return states

# A second on an idle machine.
until = time.monotonic() + 10
began = time.monotonic()
while others() and time.monotonic() < until:
    time.sleep(0.05)
print("left:", others() or "nothing")
sys.stderr.write("%.2f s\n" % (time.monotonic() - began))
P
cat >tab <<T
g:make:1:once,essential:exec python3 $PWD/orphans.py >$PWD/out
:::boot:g 1
:::mounts:none
T
mkdir run
timeout 50 unshare -Urpf --mount-proc isinit -c "$PWD/tab" -r run >log 2>&1
echo "code $?"
cat out
