# mcfeely 29: packets are dropped, not refused, while a comm runs. Both ends
# notice; the comm is not run again, and its result comes when the network is
# back. The ends are two network namespaces; the drop is a wrong hardware
# address, so that every packet is sent and nobody takes it.
. "$TESTS/mcfeely.sh"
if [ -z "${INSIDE:-}" ]; then
  unshare -rn true 2>/dev/null || skip 'no network namespaces here'
  exec env INSIDE=1 unshare -rn sh "$0"
fi
sleep 1000 &
here=$!
unshare -n sleep 1000 &
there=$!
trap 'kill $here $there' EXIT
await '[ "$(readlink /proc/$there/ns/net)" != "$(readlink /proc/$here/ns/net)" ]'
far() { nsenter -t $there -n "$@"; }
ip link add v0 type veth peer name v1 netns $there 2>/dev/null ||
  skip 'no pair of network devices here'
ip addr add 10.9.0.1/24 dev v0 && ip link set v0 up && ip link set lo up
far ip addr add 10.9.0.2/24 dev v1 && far ip link set v1 up
cut() {
  ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:99 dev v0 nud permanent
  far ip neigh replace 10.9.0.1 lladdr 02:00:00:00:00:99 dev v1 nud permanent
}
mend() {
  ip neigh del 10.9.0.2 dev v0
  far ip neigh del 10.9.0.1 dev v1
}

with_keys server:mcfeely host:h1
unset FLEETBOX_IDENTITY
cat >hub.conf <<'X'
queue queue
listen unix:sock tcp:10.9.0.1:0
identity keys/server:mcfeely
dead-after 3s
X
start_server
export MCFEELY_SERVER=unix:sock
port=$(sed -n 's/.*server.listens address=tcp:10.9.0.1:\([0-9]*\) .*/\1/p' \
  serve.1.log)
mkdir comm.h1
comm h1 slow <<'X'
echo run >>"$MCFEELY_COMM_DIR/../runs"
while [ ! -e "$MCFEELY_COMM_DIR/go" ]; do sleep 0.05; done
echo through
X
serve far mcfeely-agent -H h1 -C comm.h1 -J journal.h1 -i keys/host:h1 \
  -S "tcp:10.9.0.1:$port" --dead-after 3s -v --ready-fd 3
trap 'unserve_all; kill $here $there' EXIT

mcfeely-inject -q -e 'task a h1 slow'
await 'states 1 | grep -q "^a running"'
cut
await 'mcfeely-server show 1.a | grep -q "runs on h1, which is not connected"'
await 'grep -q "server.away.*not heard of" serve.2.log'
touch comm.h1/go
await 'grep -q results.kept serve.2.log'
states 1
mend
await 'states 1 | grep -q "^a done"'
states 1
mcfeely-server show 1.a | grep -o through
cat runs
