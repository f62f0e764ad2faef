# A lazy entry is started by the first connection, one that came before its level
# too; its socket is held over a restart.
. "$TESTS/lib.sh"
cat >serve.py <<'P'
import os, socket
s = socket.socket(fileno=3)
assert os.environ["LISTEN_FDS"] == "1" and os.environ["LISTEN_PID"] == str(os.getpid())
while True:
    c, _ = s.accept()
    c.sendall(b"served\n")
    c.close()
P
cat >ask.py <<'P'
import socket
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect("door")
print(s.makefile().read(), end="")
P
cat >tab <<T
g:s:1:respawn:exec python3 $PWD/serve.py
:::opt:s listen=unix:$PWD/door lazy
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
python3 ask.py >early &
early=$!
i tell --wait=30s g 1
wait $early
cat early
await 'i status s | grep -q " up "'
i restart s
python3 ask.py
i tell --wait=30s g 0
i tell --wait=30s g 1
i status s | grep -o 'waits for a first connection'
python3 ask.py
await 'i status s | grep -q " up "'
i -k
