# Clients that come and stay get no more than half of the descriptors: the
# manager can still do its work, and serves the others when they are gone.
. "$TESTS/lib.sh"
cat >hoard.py <<'P'
import socket, sys
keep = []
for i in range(200):
    s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect("pool"); keep.append(s)
    s.sendall(b"1\n")
open("hoarded", "w").close()
sys.stdin.read()
P
echo a >tags
mkfifo go
(ulimit -n 64; exec ptbw -m --watch --lease=1s --enforce -t tags -N $PWD/pool :) 2>err & m=$!
await 'test -S pool'
ptbw -t pool sh -c 'touch holding; . "$TESTS/lib.sh"; await "test -e hoarded"; exec sleep 60' 2>/dev/null & h=$!
await 'test -e holding'
python3 hoard.py <go & p=$!
exec 3>go
await 'test -e hoarded'
await '[ $(ls /proc/'$m'/fd | wc -l) -ge 32 ]'
# A holder beyond its lease is ended, which takes a descriptor, and the table is
# read, which takes another.
wait $h; echo holder=$?
printf 'a\nb\n' >new; mv new tags
(ptbw -t pool --list | tail -n +4 | tr '\t' ' ' >listed) 3>&- & l=$!
timeout 9 ptbw -t pool --wait=100ms true; echo late=$?
exec 3>&-
wait $p; echo hoarder=$?
wait $l; cat listed
grep -v 'for longer than' err
kill $m; wait $m; echo rc=$?
