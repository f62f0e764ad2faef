# Spec 14.7: exec:NAME as an address: a program of the notify folder gets the
# report as JSON. One that others could replace is not run; what could not be
# told is told in the server's next life, and who was told is not told twice.
. "$TESTS/mcfeely.sh"
CONFIG="notify $PWD/notify"
mkdir notify
fleet h1
comm h1 mk <<'X'
echo "no such user"; exit 1
X
cat >notify/page <<X
#!/bin/sh
cat >$PWD/paged.new && mv $PWD/paged.new $PWD/paged && echo x >>$PWD/pages
X
cat >notify/open <<X
#!/bin/sh
cat >$PWD/opened
X
chmod 755 notify/page
chmod 777 notify/open
mcfeely-inject -wq -F exec:page -F ops@example.com -F exec:open \
  -F exec:missing -s exec:page -d 'new "home"' h1 mk 2>/dev/null
await 'test -e paged && test -e mail/letter.*'
await '[ "$(grep -c report.unsent queue/events.log)" = 2 ]'
await '[ "$(grep -c job.reported queue/events.log)" = 2 ]'
sed -n 's/.*report.unsent.*why=//p' queue/events.log | sort
ls opened 2>/dev/null
python3 - <<'X'
import json
told = json.load(open("paged"))
report, job = told["report"], told["job"]
print(sorted(report), len(report["id"]), report["subject"])
print(job["job"], job["state"], job["failure"])
print(job["tasks"][0]["why"], repr(job["tasks"][0]["output"]))
X
chmod 755 notify/open
crash $server
start_server
await 'test -e opened'
await '[ "$(grep -c report.unsent queue/events.log)" = 3 ]'
wc -l <pages
ls mail | wc -l
