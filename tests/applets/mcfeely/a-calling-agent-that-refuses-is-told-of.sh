# An agent that calls a server whose key it does not trust: the server knows who
# it is, tells that as the reason of its tasks, and fnot at once, in one letter
# for each job; when the agent trusts the key, they run, and it need not be
# started anew.
. "$TESTS/mcfeely.sh"
with_keys server:mcfeely host:web1
unset FLEETBOX_IDENTITY
mkdir comm
printf '#!/bin/sh\necho ran\n' >comm/ok
chmod 755 comm/ok
grep -v '^server:' keys/allowed_signers >keys/few
make_mailer
cat >hub.conf <<X
queue queue
listen unix:sock
listen tcp:127.0.0.1:0
identity keys/server:mcfeely
mail $PWD/mailer
mail-from mcfeely@hub
X
export MCFEELY_SERVER=unix:sock
start_server
mcfeely-inject -q -F ops -e 'task a web1 ok' -e 'task b web1 ok'
why() { mcfeely-server show 1.a | grep 'web1 '; }
why
echo '--- it is there, and refuses'
address=$(grep -ao 'tcp:127.0.0.1:[0-9]*' serve.1.log | head -n 1)
mcfeely-agent -H web1 -S "$address" -C comm -J j1 -i keys/host:web1 \
  --trust keys/few 2>agent.log &
serve_all="$serve_all $!"  # it is not ready before it is connected
letters 1
why
mcfeely-server host list
await '[ "$(grep -c "host.refuses host=web1" serve.1.log)" -ge 3 ]'
echo "$(ls mail | wc -l) letter"
echo '--- of each job'
mcfeely-inject -q -F ops -e 'task c web1 ok'
await '[ "$(ls mail | wc -l)" = 2 ]'
echo '--- once it is trusted'
cat keys/allowed_signers >keys/few
mcfeely-server wait 1 2
echo "[$?]"
states 1
states 2
echo "$(ls mail | wc -l) letters"
