# export writes what is left of the open jobs of a queue nobody runs; import
# hands them in elsewhere, once.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 ok <<'X'
echo "$1" >>"$MCFEELY_COMM_DIR/../ran"
X
comm h1 wait <<'X'
[ -e "$MCFEELY_COMM_DIR/go" ] && exit 0
exit 99
X
mcfeely-inject -q -d 'new "home"' -F ops@example.com -e 'task a h1 ok "x  y"' \
  -e 'task b h1 wait' -e 'task c h1 ok c' -e 'require b a' -e 'require c a b'
mcfeely-inject -q -e 'task t h1 wait : safe-to-repeat=no retry-for=2d'
await 'states 1 | grep -q "^b delayed" && states 2 | grep -q "^t delayed"'
mcfeely-server export -q queue out 2>&1 | sed 's/process [0-9]*/process PID/'
unserve $server
mcfeely-server export -q queue out
sed -E 's/(key export\/)[0-9a-f]{32}/\1ID/; s/next try in [^:]*/next try in T/' \
  out/1.job out/2.job | timeless
mcfeely-server export -q queue out
echo "exit $?"
mcfeely-server export -q nothing out
echo "exit $?"
ls nothing 2>/dev/null
mv queue old
touch comm.h1/go
start_server
unserve $agent_h1
start_agent h1
mcfeely-server import out
mcfeely-server import out/*.job
ended 1
states 1
cat ran
echo 'task : x' >bad.job
mcfeely-server import bad.job
echo "exit $?"
