# Whatever is sent to the socket, the manager serves the others.
. "$TESTS/lib.sh"
ptbw -m -J4 -N $PWD/pool : & m=$!
await 'test -S pool'
cat >attack.py <<'P'
import os, socket, random
random.seed(7)
keep = []
def conn():
    s = socket.socket(socket.AF_UNIX); s.connect("pool"); s.setblocking(False); keep.append(s); return s
def send(s, b):
    try: s.send(b)
    except OSError: pass
for i in range(60):
    send(conn(), bytes(random.randrange(256) for _ in range(random.randrange(1, 5000))))
for i in range(60):
    s = conn(); send(s, b"%d\n" % i)
    for _ in range(50):
        send(s, random.choice([b"9" * 40, b"0G", b"1G", b"4G", b"99999999999G", b"3D", b"-1D", b"77O", b"F", b"P", b"M", b"C", b"\n", b"T", b"1N", b"Z"]))
for i in range(20):
    s = conn(); send(s, b"1\n")
    for _ in range(50): send(s, b"TCUST" * 800)
for i in range(20): send(conn(), b"1" * 100000)
for i in range(20):
    s = conn(); send(s, b"1\n")
    try: socket.send_fds(s, [b"4G"], [0, 1, 2] * 20)
    except OSError: pass
conn().shutdown(socket.SHUT_WR)
del keep[::2]
P
timeout 30 python3 attack.py
timeout 20 ptbw -t pool -R4 -A echo | wc -w
ptbw -Q -t pool -R0 true; echo rc=$?
wait $m; echo manager=$?
