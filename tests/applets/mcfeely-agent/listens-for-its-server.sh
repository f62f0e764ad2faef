# An agent that listens, on tcp: and unix:, and a server that calls it.
. "$TESTS/mcfeely.sh"
with_keys server:mcfeely host:web1 host:web2 stranger
unset FLEETBOX_IDENTITY
mkdir comm
printf '#!/bin/sh\necho "on $MCFEELY_HOST"\n' >comm/where
chmod 755 comm/where
serve mcfeely-agent -H web1 -l tcp:127.0.0.1:0 -C comm -J j1 -i keys/host:web1 \
  --ready-fd 3
port=$(sed -n 's/.*agent.listens address=tcp:127.0.0.1://p' serve.1.log)
serve mcfeely-agent -H web2 -l unix:web2.sock -C comm -J j2 -i keys/host:web2 \
  --ready-fd 3
cat >hub.conf <<X
queue queue
listen unix:sock
identity keys/server:mcfeely
host web1 tcp:127.0.0.1:$port
host web2 unix:gone.sock unix:web2.sock
host web3 tcp:127.0.0.1:$port
X
export MCFEELY_SERVER=unix:sock
start_server
mcfeely-inject -q -w -e 'task a web1 where' -e 'task b web2 where' 2>/dev/null
mcfeely-server show 1.a | grep -o 'on web.*'
mcfeely-server show 1.b | grep -o 'on web.*'
echo "--- an agent of another name is not taken for it"
mcfeely-inject -q -e 'task c web3 where'
await 'mcfeely-server show 2.c | grep -q "cannot be reached"'
mcfeely-server show 2.c | grep -o 'web3 cannot be reached: .*, next' |
  sed 's/SHA256:[^:]*/KEY/'
states 2
echo "--- nor a server of another name"
crash $server
sed -i 's|keys/server:mcfeely|keys/stranger|' hub.conf
start_server
mcfeely-inject -q -e 'task d web1 where'
await 'mcfeely-server show 3.d | grep -q "cannot be reached: refused by the other"'
states 3
