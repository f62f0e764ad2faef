# What comes after an entry waits until it says that it is ready; one that is
# not well is started again.
. "$TESTS/lib.sh"
mkfifo go
cat >tab <<T
g:a:1:respawn:echo \$\$ >>$PWD/a; read x <$PWD/go; echo >&5; exec sleep 1000
g:b:1:once,after=a:echo after >>$PWD/b
g:n:1:respawn,ready=notify:exec python3 $PWD/notify.py
g:h:1:respawn:echo \$\$ >>$PWD/h; exec sleep 1000
:::opt:a ready=fd:5
:::opt:h health=cmd:test\ !\ -e\ $PWD/ill every=50ms fails=2 on-unhealthy=restart
T
cat >notify.py <<'P'
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
s.send(b"STATUS=serving 3 clients\nREADY=1")
time.sleep(1000)
P
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i g 1
await 'test -s a'
await 'i status n | grep -q "serving 3 clients"'
i status n | grep -o ' up ' | tr -d ' '
i status b | grep -c 'waits for a'
echo go >go
i wait --timeout 5s g run
await 'test -s b'
cat b
await 'test -s h'
touch ill
await 'test $(wc -l <h) -ge 2'
rm ill
await 'i status h | grep -q " up "'
grep -c 'entry.unhealthy.*tag=h' serve.1.log | sed 's/[1-9][0-9]*/some/'
