# power 43, 44: what a service may answer instead of yes, and never turns into a
# success.
. "$TESTS/web.sh"
try() {
  echo "--- $1"
  shift
  what=$1
  shift
  web redfish --systems=2 --user=root:secret --follows=0s "$@"
  tls
  plug web1 redfish redfish ${machine:-web1} "user \"root\" tls-pin \"$pin\"" >pcu.conf
  pcu-reboot -q $what web1 >out
  echo "[$?] $(asked)"
  untimed <out
  unserve $served
  unserve $web_pid
  web_asked=0
}
system=/redfish/v1/Systems/1
reset=$system/Actions/ComputerSystem.Reset
try 'a task' off --tasks
try 'a task that fails' off --tasks --task-ends=Exception
try '503, and then not' off "--answer=1 POST $reset 503 Retry-After 1"
try '503 for ever' off "--answer=99 POST $reset 503 Retry-After 1"
try 403 off "--answer=1 POST $reset 403"
try 404 off "--answer=9 GET $system 404"
try 'old tags' off --tags
try 'action info' off --action-info
try 'absolute targets' off --absolute
try 'another host' status "--answer=9 GET $system 302 Location http://127.0.0.2:1/redfish/v1/Systems/1"
try 'a body without end' status "--answer=1 GET $system huge"
try 'says yes and does nothing' 'off --state-timeout 500ms' --frozen
try 'has no sessions' off --no-sessions
try 'may only look' verify --role=ReadOnly
machine=web200
try 'the last of 200' off --systems=200 --page=50
machine=UUID-0150
try 'the one with that UUID' off --systems=200
