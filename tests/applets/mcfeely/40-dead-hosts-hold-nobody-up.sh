# mcfeely 40, a small one: hosts that are called and answer, among hosts that
# refuse, and hosts that take the call and say nothing. Nobody waits for those.
# The thousand hosts are simulated: carrier_plan_test.cc.
. "$TESTS/mcfeely.sh"
with_keys server:mcfeely host:live
unset FLEETBOX_IDENTITY
mkdir comm
printf '#!/bin/sh\nexit 0\n' >comm/true
chmod 755 comm/true
{
  echo 'queue queue'
  echo 'listen unix:sock'
  echo 'identity keys/server:mcfeely'
} >hub.conf
for n in 1 2 3 4 5 6 7; do
  serve mcfeely-agent -H live$n -l unix:live$n.sock -C comm -J journal.$n \
    -i keys/host:live --ready-fd 3
  echo "host live$n unix:live$n.sock" >>hub.conf
done
# One that takes calls and never answers: a socket that nobody accepts from.
python3 -c '
import signal, socket
s = socket.socket(socket.AF_UNIX)
s.bind("mute.sock")
s.listen(100)
signal.pause()' &
mute=$!
await 'test -S mute.sock'
for n in 1 2; do echo "host dead$n unix:none$n.sock"; done >>hub.conf
echo 'host mute unix:mute.sock' >>hub.conf
export MCFEELY_SERVER=unix:sock
start_server
for host in dead1 live1 mute live2 live3 dead2 live4 live5 live6 live7; do
  for t in 0 1 2 3 4 5 6 7 8 9; do echo "task $host-$t $host true"; done
done | mcfeely-inject -q -f -
await '[ "$(states 1 | grep -c "^live.* done 1")" = 70 ]'
states 1 | sed 's/[0-9-]* / /' | sort | uniq -c | sed 's/^ *//'
await 'mcfeely-server show 1.dead1-0 | grep -q "dead1 cannot be reached"'
kill $mute
