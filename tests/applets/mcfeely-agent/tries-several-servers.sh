# Several servers' addresses: an agent and an injector take the first that
# answers, and the next when it is gone.
. "$TESTS/mcfeely.sh"
with_keys hub h1
unset FLEETBOX_IDENTITY
mkdir comm.h1
comm h1 where </dev/null
printf '#!/bin/sh\necho here\n' >comm.h1/where
chmod 755 comm.h1/where
one() { serve mcfeely-server -q queue.1 -l unix:one -i keys/hub --ready-fd 3; }
two() { serve mcfeely-server -q queue.2 -l unix:two -i keys/hub --ready-fd 3; }
two
second=$served
serve mcfeely-agent -H h1 -C comm.h1 -J journal -i keys/h1 -S unix:none \
  -S unix:one -S unix:two --ready-fd 3
agent=$serve_n
grep -o 'server.connected.*' serve.$agent.log | head -n 1
echo "--- the second server answers"
mcfeely-inject -S unix:one -S unix:two -w h1 where 2>&1
echo "--- it goes, and the first comes"
crash $second
one
await "[ \$(grep -c server.connected serve.$agent.log) = 2 ]"
MCFEELY_SERVER='unix:one unix:two' mcfeely-inject -w h1 where 2>&1
echo "--- none is there"
unserve $served
mcfeely-inject -S unix:one -S unix:two h1 where 2>&1
echo "exit $?"
