# mcfeely-qread(1), mcfeely-qwatch(1): the open jobs in the original's layout;
# qwatch those of an hour.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 ok <<'X'
exit 0
X
mcfeely-inject -q -d "new domain" -F ops@example.com -s a@x -s b@x \
  -e 'task a h1 ok x "y z"' -e 'task b away ok' -e 'require b a' \
  --allow-unknown-host
await 'states 1 | grep -q "^a done"'
mcfeely-inject -wq h1 ok 2>/dev/null
shape() { sed -E 's/^(#[0-9]+) [A-Z].*[0-9]{4}$/\1 TIME/'; }
mcfeely-qread --older 0s | shape
echo "--- an hour"
mcfeely-qwatch
mcfeely-qwatch --older 0s | shape | head -n 1
mcfeely-qread | head -n 1 | grep -Eqx \
  '#1 [A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}' && echo ctime
MCFEELY_SERVER=unix:nowhere mcfeely-qread
echo "exit $?"
