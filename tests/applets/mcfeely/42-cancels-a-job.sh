# mcfeely 42: one task runs, two are ready, one is deferred, and the job is cancelled.
. "$TESTS/mcfeely.sh"
CONFIG='max-per-host 2'
fleet h1
comm h1 defer <<'X'
exit 99
X
comm h1 stay <<'X'
exec sleep 1000
X
comm h1 never <<'X'
echo "this must not run"
X
mcfeely-inject -q -e 'failure ops@example.com' -e 'task deferred h1 defer' \
  -e 'task running h1 stay : priority=-1' \
  -e 'task other h1 stay : priority=-1' \
  -e 'task ready1 h1 never : priority=-2' \
  -e 'task ready2 h1 never : priority=-2'
await 'states 1 | grep -q "other running"'
await 'states 1 | grep -q "^running running"'
await 'states 1 | grep -q "deferred delayed"'
states 1
mcfeely-server wait --timeout 200ms 1 >/dev/null 2>&1
echo "not yet: $?"
mcfeely-server cancel 1
mcfeely-server wait 1 >out 2>&1
echo "[$?]"
sed 's/[0-9]* of/N of/' out
states 1
mcfeely-server cancel 1
echo "again: $?"
letters 1 | sed 's/by local:.*/by us/; s/([0-9]* attempts\{0,1\}, TIME)/(TIME)/' |
  grep -v -e '^$' | sort
mcfeely-inject -q -w --timeout 200ms h1 stay >/dev/null 2>&1
echo "nor the next: $?"
mcfeely-server show 1.running | grep -e '^ *1 ' | timeless |
  awk '{ print $4, $5, $6, $7 }'
mcfeely-server cancel 2
mcfeely-server wait 2 >/dev/null 2>&1 || true
