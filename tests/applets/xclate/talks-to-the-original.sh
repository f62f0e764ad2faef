# Our client and a manager that answers as the original does.
. "$TESTS/lib.sh"
cat >manager.py <<'P'
import array, os, socket
l = socket.socket(socket.AF_UNIX); l.bind("sock"); l.listen()
for _ in range(2):
    c, _a = l.accept()
    c.sendall(b"0.8\0")
    print(c.recv(64)); c.sendall(b"41\n")
    while True:
        r = b""
        while len(r) < 4:
            b = c.recv(4 - len(r))
            if not b: break
            r += b
        if not r: break
        print(r.decode().rstrip("\0"), end="|")
        if r[:2] == b"?T": c.sendall(b"5:<%s>\0")
        elif r[:2] in (b"?H", b"?L"): c.sendall(b".")
        elif r[:1] == b"?": c.sendall(b"-\0")
        elif r[:2] in (b"ex", b"hd"): socket.send_fds(c, [b"out"], [1])
    print(flush=True)
P
python3 -u manager.py >out &
await 'test -S sock'
xclate -u sock k echo hello </dev/null
mkfifo f; (echo filtered; await 'grep -q filtered out') >f &
xclate -u sock f <f
wait
cat out
