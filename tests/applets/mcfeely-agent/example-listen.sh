# mcfeely-agent(8): an agent that is called by its server.
. "$TESTS/lib.sh"
fleetbox-key new server.key >/dev/null
fleetbox-key new web1.key >/dev/null
fleetbox-key trust -t trust server:mcfeely <server.key.pub >/dev/null
fleetbox-key trust -t trust host:web1 <web1.key.pub >/dev/null
mkdir comm
printf '#!/bin/sh\necho hello\n' >comm/hello
chmod 755 comm comm/hello
serve mcfeely-agent -H web1 -l unix:web1.sock -C comm -J journal -i web1.key --trust trust --ready-fd 3
cat >hub.conf <<'X'
host web1 unix:web1.sock
X
serve mcfeely-server -c hub.conf -q queue -l unix:mcfeely.sock -i server.key --trust trust --ready-fd 3
mcfeely-inject -S unix:mcfeely.sock --wait -q web1 hello 2>/dev/null
echo "[$?]"
