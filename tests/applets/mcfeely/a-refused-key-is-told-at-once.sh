# An agent that is called and does not trust the server's key: its tasks wait with
# that as the reason, and one letter for each job says so at once, and no second
# one; when it trusts the key, they run, and it need not be started anew.
. "$TESTS/mcfeely.sh"
with_keys server:mcfeely host:web1
unset FLEETBOX_IDENTITY
mkdir comm
printf '#!/bin/sh\necho ran\n' >comm/ok
chmod 755 comm/ok
grep -v '^server:' keys/allowed_signers >keys/few
serve mcfeely-agent -H web1 -l tcp:127.0.0.1:0 -C comm -J j1 -i keys/host:web1 \
  --trust keys/few --ready-fd 3
port=$(sed -n 's/.*agent.listens address=tcp:127.0.0.1://p' serve.1.log)
make_mailer
cat >hub.conf <<X
queue queue
listen unix:sock
identity keys/server:mcfeely
mail $PWD/mailer
mail-from mcfeely@hub
host web1 tcp:127.0.0.1:$port
X
export MCFEELY_SERVER=unix:sock
start_server
mcfeely-inject -q -F ops -e 'task a web1 ok' -e 'task b web1 ok'
letters 1 | sed 's/, next try .* (/, AGAIN (/'
mcfeely-server show 1.a | grep -o 'web1 cannot be reached: .*; its log'
await '[ "$(grep -c "refuse" serve.1.log)" -ge 3 ]'
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
