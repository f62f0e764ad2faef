# mcfeely-server(8): a server in a folder of its own, looked at over its socket.
. "$TESTS/lib.sh"
fleetbox-key new server.key >/dev/null
fleetbox-key trust -t trust -n result@fleetbox host:web1 <server.key.pub >/dev/null
serve mcfeely-server -q queue -l unix:mcfeely.sock -i server.key --trust trust --ready-fd 3
mcfeely-inject -S unix:mcfeely.sock -d greetings web1 hello world
mcfeely-server status -S unix:mcfeely.sock | tr -s ' ' | sed 's/ [0-9]* m\{0,1\}s / TIME /'
mcfeely-server show -S unix:mcfeely.sock 1 | sed 's/20.*Z/TIME/; s/by local:.*/by us/'
mcfeely-server show -S unix:mcfeely.sock 2
echo "[$?]"
