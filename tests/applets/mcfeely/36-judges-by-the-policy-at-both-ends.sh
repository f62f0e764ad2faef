# mcfeely 36: a principal who may only run hup on web*: everything else is
# refused by the server, naming the rule; and by the agent, when the server's
# policy has let it through.
. "$TESTS/mcfeely.sh"
CONFIG="policy policy"
printf 'allow ops run hup on web*\nallow boss operate\n' >policy
fleet web1 db1
with_keys ops boss eve
unset FLEETBOX_IDENTITY
for host in web1 db1; do
  comm $host hup <<'X'
echo "hup $*"
X
  comm $host reboot </dev/null
done
try() {
  who=$1
  shift
  mcfeely-inject -i "keys/$who" "$@" >out 2>&1
  code=$?
  grep -v running out
  echo "[$code]"
}
ask() {
  who=$1 verb=$2
  shift 2
  mcfeely-server "$verb" -i "keys/$who" "$@" >out 2>&1
  code=$?
  cat out
  echo "[$code]"
}
try ops -wq web1 hup
for what in 'web1 reboot' 'db1 hup' 'web1 hup now'; do
  try ops $what
done
try eve web1 hup
# One wrong task, and nothing of the job is queued.
try ops -e 'task a web1 hup' -e 'task b web1 hup : user=root'

# Whoever injected a job may look at it; for more there are rules.
ask ops show 1 | grep -c hup
ask eve show 1
ask ops status
ask boss status -a | grep -c done
ask ops release 1.task
ask boss release 1.task

# Read again when it changes. A wrong one allows nothing, and forbids nothing
# for good.
echo 'allow ops' >policy
try ops web1 hup
printf 'allow ops run * ...\nallow * read\n' >policy
try ops -wq web1 hup now

# The agent has the last word.
unserve "$agent_db1"
printf 'allow boss run *\n' >agent.policy
serve mcfeely-agent -H db1 -C comm.db1 -J journal.db1 -i keys/db1 \
  -S unix:sock --policy agent.policy --ready-fd 3
try ops -wq db1 reboot
grep -c comm.refused "serve.$serve_n.log"
# Neither starts with a policy that is wrong.
printf 'deny\nallow\n' >wrong
mcfeely-agent -H x -J j -i keys/db1 -S unix:sock -P wrong
echo "[$?]"
mcfeely-server -q other -i keys/hub -l unix:other.sock -P nowhere
echo "[$?]"
