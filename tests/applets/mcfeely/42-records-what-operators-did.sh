# mcfeely 42: hold, release, now and mark leave a record with the operator's name.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 hello <<'X'
echo hello
X
comm h1 defer <<'X'
exit 99
X
notes() {
  mcfeely-server show "$1" | sed -n 's/^operator *//p' | timeless |
    sed 's/by local:.*/by us/'
}
mcfeely-inject --hold -e 'task web h1 hello' -e 'task tell h1 hello' \
  -e 'require tell web'
mcfeely-server status 1 | awk 'NR == 2 { print $2 }'
mcfeely-server show 1 | grep '^web' | tr -s ' ' | sed 's/by local:.*/by us/'
mcfeely-server hold 1.tell
mcfeely-server release 1
await 'states 1 | grep -q "web done"'
states 1
# What operators said is still known after the server was killed.
crash "$server"
start_server
states 1
mcfeely-server release 1.tell
mcfeely-server wait 1
echo "wait: $?"
notes 1

mcfeely-inject -e 'task slow h1 defer' -e 'task late h1 hello : delay=1h' \
  -e 'require late slow'
await 'states 2 | grep -q "slow delayed 1"'
mcfeely-server show 2 | sed -n 's/.*\(waiting for.*\)/\1/p' |
  sed 's/in [0-9]* s/in N s/'
mcfeely-server now 2
await 'states 2 | grep -q "slow delayed 2"'
mcfeely-server mark 2.slow done
await 'states 2 | grep -q "late delayed"'
mcfeely-server now 2.late
mcfeely-server wait 2
states 2
notes 2
mcfeely-server log -q queue 2 | grep -o 'operator[.a-z-]*'

mcfeely-server hold 3
echo "no such job: $?"
mcfeely-server retry -o nothing 2
echo "no such task: $?"
mcfeely-server mark 2 done
echo "not a task: $?"
