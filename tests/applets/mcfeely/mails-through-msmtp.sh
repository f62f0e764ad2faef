# Reports through a program of Debian's that speaks sendmail's command line, to
# a mail server on loopback: refused for now at first, then taken.
. "$TESTS/mcfeely.sh"
command -v msmtp >/dev/null || skip 'there is no msmtp'
mkdir sent
touch sent/away
mkfifo port
python3 "$TESTS/fakes/smtp.py" sent 3 3>port >smtp.log 2>&1 &
serve_all=$!
port=$(timeout 10 head -n 1 port)
cat >msmtprc <<X
account default
host 127.0.0.1
port $port
tls off
auth off
from mcfeely@hub.example
X
chmod 600 msmtprc
fleet h1
unserve $server
sed -i "s|^mail .*|mail $(command -v msmtp) -C $PWD/msmtprc -t -i|" hub.conf
start_server
comm h1 mk <<'X'
echo .; echo "made it"
X
mcfeely-inject -wq -d 'new home' -s ops@example.com -s root@example.com h1 mk \
  2>/dev/null
await 'grep -q report.unsent queue/events.log'
rm sent/away
unserve $server
start_server
await 'test -e sent/letter.1'
grep -v -e '^Date:' -e '^Message-I' -e '^Injected:' -e '^Ended:' \
  -e '^MIME' -e '^Content' sent/letter.1 | timeless
