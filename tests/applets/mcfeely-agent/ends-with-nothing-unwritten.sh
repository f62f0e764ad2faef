# An agent that is asked to end right behind a task has its end in the journal:
# the next life takes it for no interrupted one.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 name <<'X'
exit 0
X
for round in 1 2 3 4 5; do
  mcfeely-inject -q -w h1 name 2>/dev/null
  kill "$agent_h1"
  wait "$agent_h1"
  echo "code $?"
  start_agent h1
done
cat serve.*.log | grep 'comm.interrupted'
states 1
states 5
