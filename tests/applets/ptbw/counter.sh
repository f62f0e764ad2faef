# --counter: numbers for whoever asks, each once.
cat >ask.py <<'P'
import os, socket
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["gtfw_" + os.environ["gtfw_link"]]); s.settimeout(10)
s.sendall(b"0.1\0"); r = b""
while len(r) < 1: r += s.recv(1)
for c in b"uuU":
    s.sendall(bytes([c])); r = b""
    while not r.endswith(b"\0" if c == ord("U") else b"\n"): r += s.recv(1)
    print(repr(r))
P
ptbw -m --counter sh -c 'python3 ask.py; python3 ask.py; echo $gtfw_link; ptbw -m --counter sh -c "echo \$gtfw_link; python3 ask.py"'
ptbw -m --counter :; echo rc=$?
ls -A
