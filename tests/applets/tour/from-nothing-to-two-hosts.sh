# The commands of tour(7), in its order; what changes from run to run is taken
# out of what they print.
. "$TESTS/lib.sh"
fleetbox --install -s ~/bin
export PATH="$HOME/bin:$PATH"

{
fleetbox key new -c server:mcfeely server.key
fleetbox key new -c host:web1 web1.key
fleetbox key new -c host:db1 db1.key
fleetbox key new -c ops@example.com ops.key
} >fingerprints
ls *.key *.key.pub

{
fleetbox key trust -t server.trust -n inject@fleetbox,channel@fleetbox ops@example.com < ops.key.pub
fleetbox key trust -t server.trust -n result@fleetbox,channel@fleetbox host:web1 < web1.key.pub
fleetbox key trust -t server.trust -n result@fleetbox,channel@fleetbox host:db1 < db1.key.pub
fleetbox key trust -t trust -n dispatch@fleetbox,channel@fleetbox server:mcfeely < server.key.pub
} >fingerprints
fleetbox key list -t server.trust | cut -d ' ' -f 1

mcfeely-server -q queue -l tcp:127.0.0.1:0 -i server.key --trust server.trust --ready-fd 3 3> addresses 2>log &
serve_all=$!
trap 'code=$?; unserve_all; exit $code' EXIT
await 'test -s addresses'
export MCFEELY_SERVER=$(cat addresses)

mkdir comm
printf '#!/bin/sh\necho "$1, this is $MCFEELY_HOST"\n' > comm/hello
chmod 755 comm comm/hello
serve mcfeely-agent -H web1 -C comm -J web1.journal -i web1.key --trust trust --ready-fd 3
serve mcfeely-agent -H db1 -C comm -J db1.journal -i db1.key --trust trust --ready-fd 3

export FLEETBOX_IDENTITY=ops.key FLEETBOX_TRUST=trust
mcfeely-inject --wait web1 hello world 2>/dev/null
echo "[$?]"
mcfeely-server show 1.task | tail -n 1

cat >greet.job <<'X'
param       who
description "greetings to ${who}"
task first  db1  hello ${who}
task second web1 hello ${who}
require second first
X
mcfeely-inject -n -f greet.job -D who=world
mcfeely-inject --wait -f greet.job -D who=world 2>lines
echo "[$?]"
grep done lines
mcfeely-server status -a >status
sed -n 's/^ *2 *done .*  /2 done /p; s/  *connected .*/ connected/p' status
mcfeely-server show 2 | grep -e '^state' -e '^injected' | sed 's/ 2.*Z / /'
mcfeely-server show 2 | awk '$3 == "done" { print $1, $2, $3, $4 }'
mcfeely-server log -q queue 2 | awk '{ print $2 }' | sort -u

mcfeely-inject --wait -f greet.job -D who=world --only first --with-dependents 2>lines
echo "[$?]"
tail -n 1 lines
