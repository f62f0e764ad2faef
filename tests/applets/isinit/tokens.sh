# Who places groups numbers its orders: one lower than the highest seen of the
# group is refused, after the server was killed, too.
. "$TESTS/lib.sh"
cat >tell.py <<'P'
import socket, struct, sys
group, level, token = sys.argv[1].encode(), sys.argv[2].encode(), int(sys.argv[3])
text = lambda field, value: bytes([field << 3 | 2, len(value)]) + value
request = b"\x08\x01" + text(2, group) + text(3, level) + bytes([15 << 3, token])
content = b"\0" + request  # packed: as it is
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect("run/init.s")
s.sendall(b"\0" + struct.pack("<IB", 1 + len(content), 2) + content)
answer = s.recv(4096)
print(token, "refused" if b"token" in answer else "accepted")
P
echo 'g:a:12:respawn:exec sleep 1000' >tab
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
for token in 5 4 5 7 6; do python3 tell.py g 1 $token; done
kill -9 $served
await '! kill -0 $served'
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
for token in 6 7 8; do python3 tell.py g 2 $token; done
i -k
