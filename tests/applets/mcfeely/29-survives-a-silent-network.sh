# mcfeely 29: packets are dropped, not refused, while a comm runs. Both ends
# notice; the comm is not run again, and its result comes when the network is
# back. tests/soak/mcfeely-silent-network does it for ten minutes.
. "$TESTS/network.sh"
. "$TESTS/mcfeely.sh"

with_keys server:mcfeely host:h1
unset FLEETBOX_IDENTITY
cat >hub.conf <<'X'
queue queue
listen unix:sock tcp:10.9.0.1:0
identity keys/server:mcfeely
dead-after 20s
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
serve nsenter -t "$there" -n mcfeely-agent -H h1 -C comm.h1 -J journal.h1 -i keys/host:h1 \
  -S "tcp:10.9.0.1:$port" --dead-after 20s -v --ready-fd 3
trap 'unserve_all; end_network' EXIT

mcfeely-inject -q -e 'task a h1 slow'
await 'states 1 | grep -q "^a running"'
cut
# 20 s from the last that came.
timeout 30 tail -n +1 -f serve.1.log | grep -q -m 1 host.gone
timeout 30 tail -n +1 -f serve.2.log | grep -m 1 -o 'not heard of for 20 s'
mcfeely-server show 1.a | grep -o 'runs on h1, which is not connected'
touch comm.h1/go
await 'grep -q results.kept serve.2.log'
states 1
mend
timeout 30 tail -n +1 -f serve.1.log | grep -q -m 1 task.done
states 1
mcfeely-server show 1.a | grep -o through
cat runs
