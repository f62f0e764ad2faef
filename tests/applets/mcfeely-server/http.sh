# The HTTP side from outside: what it answers, as status and show do, and what
# it refuses. Examples of the manual.
. "$TESTS/lib.sh"
cat >ask.py <<'X'
# ask.py PORT [END]: sends standard input, "\n" as it is in HTTP, and prints the
# answer, as far as END if it is given.
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as s:
    s.sendall(sys.stdin.buffer.read().replace(b"\n", b"\r\n"))
    all = b""
    while len(sys.argv) < 3 or sys.argv[2].encode() not in all:
        got = s.recv(65536)
        if not got:
            break
        all += got
        sys.stdout.buffer.write(got.replace(b"\r\n", b"\n"))
X
port() { sed -n 's/.*address="\{0,1\}http:.*:\([0-9]*\)\/.*/\1/p' "$1"; }
ask() { python3 ask.py "$port" 2>&1; }
get() { printf 'GET %s HTTP/1.1\nHost: localhost\nConnection: close\n%s\n' "$1" "${2:-}" | ask; }
body() { get "$@" | sed '1,/^$/d'; }
status() { get "$@" | head -n 1; }

fleetbox-key new server.key >/dev/null
fleetbox-key trust -t trust -n result@fleetbox host:web1 <server.key.pub >/dev/null
serve mcfeely-server -q queue -l unix:mcfeely.sock -i server.key --trust trust --http 127.0.0.1:0 --ready-fd 3
port=$(port serve.1.log)
mcfeely-inject -S unix:mcfeely.sock -d '<b>"fish" & chips</b>' -e 'task a web1 hello "<script>"' -e 'task b web1 world' -e 'require b a'
mcfeely-server status -S unix:mcfeely.sock --json >as.status
body /api/v1/status | cmp - as.status && echo 'status is the same'
mcfeely-server show -S unix:mcfeely.sock --json 1 >as.show
body /api/v1/jobs/1 | cmp - as.show && echo 'show is the same'
body /api/v1/jobs | sed 's/"20.*Z"/TIME/; s/"local:.*"/US/'
body '/api/v1/jobs?q=FISH+b' | grep -c '"job"'
body '/api/v1/jobs?q=meat' | grep -c '"job"'
body '/api/v1/jobs/1/tasks/b' | grep -c '"name": "b"'
body /api/v1/hosts
get / | sed '/^$/q' | sed "s/^Date:.*/Date/; s/'sha256-[^']*'/HASH/g; s/^Content-Length: .*/Length/"
body / | grep -c '</html>'
body /metrics | grep -e '^mcfeely_tasks_open' -e 'job.accepted'
printf 'GET /api/v1/events HTTP/1.1\nHost: [::1]:80\n\n' |
  python3 ask.py "$port" 'data: {}' | sed '1,/^$/d' | head -n 4
echo '--- refused'
for path in /nothing /../etc/passwd /api/v1/jobs/77 /api/v1/jobs/x /api/v1/jobs/1/tasks/z '/api/v1/jobs?limit=x' /%00; do
  echo "$path: $(status "$path")"
done
printf 'GET /api/v1/jobs HTTP/1.1\nHost: evil.example\nConnection: close\n\n' | ask | sed -n '1p;/error/p'
printf 'POST /api/v1/jobs/1 HTTP/1.1\nHost: localhost\nConnection: close\n\n' | ask | head -n 1
printf 'GET / HTTP/1.1\nHost: localhost\nContent-Length: 5\n\nhello' | ask | head -n 1
unserve "$served"

echo '--- with a token'
mcfeely-server -q queue -l unix:mcfeely.sock -i server.key --trust trust --http 0.0.0.0:0
echo "[$?]"
(umask 077; head -c 24 /dev/urandom | base64 >http.token)
chmod 644 http.token
mcfeely-server -q queue -l unix:mcfeely.sock -i server.key --trust trust --http 0.0.0.0:0 --http-token http.token
echo "[$?]"
chmod 600 http.token
serve mcfeely-server -q queue -l unix:mcfeely.sock -i server.key --trust trust --http 0.0.0.0:0 --http-token http.token --ready-fd 3
port=$(port serve.2.log)
status /
status /api/v1/jobs
status /metrics
status /api/v1/jobs 'Authorization: Bearer wrong
'
status "/api/v1/jobs?token=$(cat http.token)"
status /api/v1/jobs "Authorization: Bearer $(cat http.token)
"
echo '--- with another one'
cp -p http.token old.token
(umask 077; head -c 24 /dev/urandom | base64 >new.token)
mv new.token http.token
status /api/v1/jobs "Authorization: Bearer $(cat old.token)
"
status /api/v1/jobs "Authorization: Bearer $(cat http.token)
"
chmod 644 http.token
status /api/v1/jobs "Authorization: Bearer $(cat http.token)
"
mv http.token gone.token
status /api/v1/jobs "Authorization: Bearer $(cat gone.token)
"
chmod 600 gone.token
mv gone.token http.token
status /api/v1/jobs "Authorization: Bearer $(cat http.token)
"
unserve "$served"
grep -F -f http.token serve.2.log queue/events.log || echo 'the token is in no log'
