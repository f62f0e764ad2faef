# QUIT: no more items, and what runs is waited for.
. "$TESTS/fanout.sh"
env --default-signal=QUIT xapply 'touch up.%1; ./await "test -e go"; echo %1' \
  a b 2>err &
pid=$!
await 'test -e up.a'
kill -QUIT $pid
# Until it has been taken.
await 'grep -q "^ShdPnd:.0*$" /proc/$pid/status'
touch go
wait $pid
ls up.*
