# isinit 33: bytes at random, unfinished lines and 200 clients that say nothing
# hold up nobody.
. "$TESTS/lib.sh"
echo 'g:a:1:respawn:exec sleep 1000' >tab
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
python3 - <<'P' &
import os, random, socket, time
random.seed(1)
def client():
    s = socket.socket(socket.AF_UNIX)
    s.connect("run/init.s")
    return s
silent = [client() for _ in range(200)]
half = client(); half.sendall(b"g")
framed = client(); framed.sendall(b"\0\xff\xff\xff\x7f\2")
for start in (b"\0", b"x", b""):
    junk = client()
    try:
        junk.sendall(start + random.randbytes(1 << 20))
    except OSError:
        pass
open("ready", "w").close()
time.sleep(20)
P
python=$!
await 'test -e ready'
i tell --wait=30s g 1
# A sanitizer alone takes 60 MB.
awk '/VmRSS/ { print ($2 < 131072) ? "small" : $2 }' /proc/$served/status
kill $python
i status | awk 'NR == 2 { print $1, $2, $3 }'
