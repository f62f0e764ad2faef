# mcfeely 27: a report that could not be mailed is, in a later life of the
# server, once; what was mailed is not mailed again.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 mk <<'X'
seq -f 'line %g' 25
exit 1
X
mv mailer good
cat >mailer <<'X'
#!/bin/sh
echo "$*" >>tries
[ -e up ] || { echo "the relay is away" >&2; exit 75; }
exec ./good
X
chmod +x mailer
mcfeely-inject -wq -d 'new home' -F ops@example.com h1 mk 2>/dev/null
echo "exit $?"
await 'grep -q report.unsent queue/events.log'
sed -n 's/.*report.unsent.*why=//p' queue/events.log | sed "s|$PWD|HERE|"
crash $server
touch up
start_server
letters 1
await 'grep -q job.reported queue/events.log'
crash $server
start_server
mcfeely-inject -wq h1 mk 2>/dev/null
ls mail | wc -l
wc -l <tries
