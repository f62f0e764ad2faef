# mcfeely 16: a task that always runs does so after a failure; the job has failed.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 hello <<'X'
echo hello
X
comm h1 fail <<'X'
exit 1
X
mcfeely-inject -q -w -e 'task b h1 fail' -e 'task clean h1 hello : run=always' \
  -e 'task undo h1 hello : run=failure' -e 'task tell h1 hello' \
  -e 'require clean b' -e 'require undo b' -e 'require tell b' 2>/dev/null
echo "exit $?"
states 1
mcfeely-inject -q -w -e 'task b h1 hello' -e 'task undo h1 hello : run=failure' \
  -e 'require undo b' 2>/dev/null
echo "exit $?"
states 2
mcfeely-inject -q -w -e 'task b h1 fail : if-failed=continue' \
  -e 'task tell h1 hello' -e 'require tell b' 2>/dev/null
echo "exit $?"
states 3
