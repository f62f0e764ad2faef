# mcfeely-inject(1): one task. It waits for its host when no agent is there.
. "$TESTS/lib.sh"
fleetbox-key new server.key >/dev/null
fleetbox-key trust -t trust -n result@fleetbox host:web1 <server.key.pub >/dev/null
serve mcfeely-server -q queue -l unix:sock -i server.key --trust trust \
  --ready-fd 3
export MCFEELY_SERVER=unix:sock
mcfeely-inject web1 hello world
echo "[$?]"
mcfeely-server show 1 | tail -n 1
