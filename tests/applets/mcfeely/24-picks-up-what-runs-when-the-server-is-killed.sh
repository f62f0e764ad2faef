# mcfeely 24: a done, b running when the server is killed: after its start b's
# run is taken over, c follows, and nothing ran twice.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 note <<'X'
echo "$1" >>"$MCFEELY_COMM_DIR/../order"
X
comm h1 slow <<'X'
echo "$1" >>"$MCFEELY_COMM_DIR/../order"
while [ ! -e "$MCFEELY_COMM_DIR/go" ]; do sleep 0.05; done
X
mcfeely-inject -q -s ok@example.com -e 'task a h1 note a' -e 'task b h1 slow b' \
  -e 'task c h1 note c' -e 'require b a' -e 'require c b'
await 'states 1 | grep -q "^b running"'
crash $server
touch comm.h1/go
start_server
letters 1 | head -n 5
states 1
cat order
