# isinit 17, 19: 10 000 readings while levels change never see half a file; the
# other original's file has a line for each group, and goes with the server.
. "$TESTS/lib.sh"
cat >tab <<T
g:a:1:respawn:exec sleep 1000
h:b:1:wait:true
:::clstat:$PWD/clstat
T
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
cat >busy.py <<'P'
import socket
level = 0
while True:
    level = 1 - level
    s = socket.socket(socket.AF_UNIX)
    s.connect("run/init.s")
    s.sendall(b"g %d\nh %d\n" % (level, level))
    s.shutdown(socket.SHUT_WR)
    s.makefile().read()
P
cat >read.py <<'P'
import re, time
whole = re.compile(r"!startid (0\.\d+(?:e-\d+)?)\n(g {15}\S+ *\d? *\n)(h {15}\S+ *\d? *\n)!endid \1\n")
seen = set()
reads, end = 0, time.monotonic() + 30
while reads < 10000 or len(seen) <= 10 and time.monotonic() < end:
    reads += 1
    text = open("run/initstat").read()
    seen.add(text)
    if not whole.fullmatch(text):
        print("half:", text)
        break
print("changed" if len(seen) > 10 else "never changed")
P
python3 busy.py &
busy=$!
python3 read.py
kill $busy
isinit -n -c tab -r run tell --wait=30s g 1
isinit -n -c tab -r run tell --wait=30s h 1
await 'grep -q "h 1 DONE" clstat && grep -q "g 1 DONE" clstat'
cat clstat
isinit -c tab -r run -k
test -e clstat || echo no clstat
