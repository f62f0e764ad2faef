# mcfeely 15: a diamond whose left side fails: the right side runs to its end,
# the last task is skipped, and the report has each once.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 ok </dev/null
comm h1 bad <<'X'
echo broken; exit 1
X
comm h1 slow <<'X'
while [ ! -e "$MCFEELY_COMM_DIR/go" ]; do sleep 0.05; done
X
mcfeely-inject -q -F ops@example.com -e 'task a h1 ok' -e 'task b h1 bad' \
  -e 'task c h1 slow' -e 'task d h1 ok' -e 'require b c : a' -e 'require d b c'
await 'states 1 | grep -q "^d skipped"'
mcfeely-server show 1 | grep '^state'
ls mail
touch comm.h1/go
letters 1
states 1
