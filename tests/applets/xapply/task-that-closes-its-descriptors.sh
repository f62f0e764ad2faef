# A task has ended when its process has, not when its output is closed.
. "$TESTS/fanout.sh"
xapply -m --exit=worst 'echo %1; exec <&- >&- 2>&-; ./await "test -e done" \
  >/dev/null 2>&1; exit 5' a >out &
pid=$!
await 'grep -q a out'
grep -q "^State:.[^Z]" /proc/$pid/status && echo waits
touch done
wait $pid
echo "$?"
