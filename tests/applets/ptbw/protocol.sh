# ptbw K20: the client protocol, one letter per request.
. "$TESTS/lib.sh"
printf '# pool\nred\ngreen\n\nblue\n' >tags
ptbw -m -t tags -N $PWD/pool : & m=$!
await 'test -S pool'
python3 - <<'E'
import os, socket
s = socket.socket(socket.AF_UNIX); s.connect("pool"); s.settimeout(10); s.sendall(b"%d\n" % os.getpid())
def answer(c):
    n, r = {b"T": (4, b""), b"U": (1, b""), b"C": (2, b"")}.get(c, (1, b""))
    end = b"\0" if c in (b"T", b"U") else b"\n"
    while r.count(end) < n: r += s.recv(1)
    return r
for c in (b"S", b"V", b"U", b"T", b"R", b"J", b"C", b"P", b"0O", b"2G", b"1N", b"8N", b"9O", b"1D", b"1D", b"F", b"9G", b"X"):
    s.sendall(c); r = answer(c)
    print(c.decode(), repr(r).replace(str(os.getpid()), "PID"))
s.sendall(b"."); print(repr(s.recv(9)))
E
kill $m; wait $m; echo rc=$?
ls -A
