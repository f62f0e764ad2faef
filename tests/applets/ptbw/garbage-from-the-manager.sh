# What is at the socket is no pool: a message, 76, and no harm.
. "$TESTS/lib.sh"
cat >fake.py <<'P'
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind("fake"); s.listen(9)
for answer in (b"", b"x" * 70000, b"4,8\n1\n+tags\0a\0b\0", b"-1,4\n", b"9999999999,4\n", b"1,2\nx\n", b"1,2\n1\n\0", b"2,4\n1\n=iota\0" + b"0\0" * 9):
    for _ in range(2):
        c, _ = s.accept(); c.settimeout(0.5)
        try:
            c.recv(100); c.sendall(answer); c.recv(100)
        except OSError: pass
        c.close()
P
python3 fake.py & p=$!
await 'test -S fake'
for i in 1 2 3 4 5 6 7 8; do
  timeout 20 ptbw -t fake true >out 2>&1; echo $i client=$?; sed 's/^ptbw: protocol error: .*/ptbw: protocol error/; s/x\{9,\}/xx/' out | head -n 3
  timeout 20 ptbw -t fake >out 2>&1; echo $i list=$?; sed 's/^ptbw: protocol error: .*/ptbw: protocol error/' out | head -n 3
done
wait $p
