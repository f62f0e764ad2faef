# mcfeely 26, 27: a failed task stays failed, what required it stays skipped,
# neither runs again; the one report comes after the restart.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 bad <<'X'
echo bad >>"$MCFEELY_COMM_DIR/../order"; exit 1
X
comm h1 slow <<'X'
echo slow >>"$MCFEELY_COMM_DIR/../order"
while [ ! -e "$MCFEELY_COMM_DIR/go" ]; do sleep 0.05; done
X
mcfeely-inject -q -F ops@example.com -e 'task a h1 bad' -e 'task b h1 bad' \
  -e 'task c h1 slow' -e 'require b a'
await 'states 1 | grep -q "^a failed" && states 1 | grep -q "^c running"'
crash $server
start_server
states 1
touch comm.h1/go
letters 1
states 1
sort order
crash $server
start_server
mcfeely-inject -wq h1 missing 2>/dev/null
ls mail | wc -l
