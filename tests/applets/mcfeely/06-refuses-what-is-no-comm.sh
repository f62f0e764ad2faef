# mcfeely 6: a comm that is missing or no program fails after one attempt; a
# name that is no name is refused at injection, and nothing is executed.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 plain <<'X'
echo ran >&2; touch "$MCFEELY_COMM_DIR/ran"
X
chmod 644 comm.h1/plain
mcfeely-inject -wq h1 missing >out 2>&1
echo "exit $?"; grep -v running out
mcfeely-inject -wq h1 plain >out 2>&1
echo "exit $?"; grep -v running out
states 1; states 2
mcfeely-server show 1 | tail -n 1 | sed 's/  [0-9]* ms  /  SOON  /'
for name in /bin/sh ../comm.h1/plain -x ''; do
  mcfeely-inject -- h1 "$name"
  echo "exit $?"
done
ls comm.h1
