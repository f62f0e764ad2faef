# Whatever is sent to the socket, the manager serves the others.
. "$TESTS/lib.sh"
xclate -m -u sock -T '%x' : & m=$!
await 'test -S sock'
cat >attack.py <<'P'
import os, socket, random
random.seed(7)
keep = []
def conn():
    s = socket.socket(socket.AF_UNIX); s.connect("sock"); s.setblocking(False); keep.append(s); return s
def send(s, b):
    try: s.send(b)
    except OSError: pass
for i in range(60):
    send(conn(), bytes(random.randrange(256) for _ in range(random.randrange(1, 5000))))
for i in range(60):
    s = conn(); send(s, b"name%d\0" % i)
    for _ in range(20):
        send(s, random.choice([b"o1 \0", b"o0 \0", b"o2 \0", b"ow \0", b"od \0", b"?T \0", b"n01\0", b"on \0", b"qm \0", b"999\0", b"zz \0"]))
for i in range(20):
    s = conn(); send(s, b"flood\0")
    for _ in range(50): send(s, b"?T \0?H \0-V \0" * 300)
for i in range(20):
    s = conn(); send(s, b"fds\0")
    try: socket.send_fds(s, [b"ex \0"], [0, 1, 2] * 20)
    except OSError: pass
conn().shutdown(socket.SHUT_WR)
del keep[::2]
P
python3 attack.py
echo served | timeout 20 xclate -u sock good; echo rc=$?
xclate -Q -u sock -T '' -s end true; echo rc=$?
wait $m; echo manager=$?
