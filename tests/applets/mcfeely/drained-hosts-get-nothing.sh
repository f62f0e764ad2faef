# A drained host gets no new tasks until it is resumed, also after a restart.
. "$TESTS/mcfeely.sh"
fleet h1 h2
comm h1 hello <<'X'
echo hello
X
comm h2 hello <<'X'
echo hello
X
await 'mcfeely-server host list | grep -q "h1 *connected"'
await 'mcfeely-server host list | grep -q "h2 *connected"'
mcfeely-server host drain h1
mcfeely-server host drain h1
echo "again: $?"
mcfeely-server host drain h1 h2
echo "some: $?"
mcfeely-server host resume h2
mcfeely-server host drain h11 h2
echo "a stranger: $?"
mcfeely-server host resume h11 h2
mcfeely-server host list | tr -s ' '
mcfeely-inject -e 'task one h1 hello' -e 'task two h2 hello'
await 'states 1 | grep -q "two done"'
crash "$server"
start_server
await 'mcfeely-server host list | grep -q "h1 *drained"'
mcfeely-server show 1 | grep -o -e '^[a-z]* *h[12] *[a-z]*' -e 'h1 is .*' |
  tr -s ' '
mcfeely-server host resume h1
mcfeely-server wait 1
echo "wait: $?"
mcfeely-server host
echo "usage: $?"
# Who it was stands in the log.
grep -ao 'operator[.].*' queue/events.log | sed 's/=local:.*/=us/'
