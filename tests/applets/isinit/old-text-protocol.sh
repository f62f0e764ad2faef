# isinit 17, 18, 20: the original's line on the socket and its status file; the
# group called like the host.
. "$TESTS/lib.sh"
cat >tab <<T
g:a:1:respawn:sleep 1000
box:b:3:respawn:sleep 1000
T
say() { python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("run/init.s")
s.sendall(sys.argv[1].encode().decode("unicode_escape").encode())
s.shutdown(socket.SHUT_WR)
print(s.makefile().read(), end="")' "$1"; }
i() { isinit -n -c "$PWD/tab" -r run -N box "$@"; }
serve isinit -d -c "$PWD/tab" -r run -N box --ready-fd 3
say 'g 1\n'
i wait --timeout 5s g run
i 3
i wait --timeout 5s box run
say 'stopallx 1\n'
say 'nonsense\n'
say '0 0\n'
sed 's/id 0\.[0-9]*$/id N/' run/initstat
test "$(head -n 1 run/initstat | cut -d' ' -f2)" = \
  "$(tail -n 1 run/initstat | cut -d' ' -f2)" && echo one id
say 'stopall'
await '! kill -0 $served'
sed -n 2,3p run/initstat
