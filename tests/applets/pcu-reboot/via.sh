# power 50: another host drives the PCUs, and both journals say so.
. "$TESTS/power.sh"
strips --outlets=40 --delay=10ms
mkdir far
{
  rack a 1 'web[1-3]' '[1-3]' 'off-time 0s'
  rack slow 1 'slow[1-20]' '[11-30]' 'off-time 1s'
} >far/pcu.conf
hub
via() { pcu-reboot --via hub "$@"; }
journal() {
  sed 's/^[^ ]* [^ ]*/T W/; s/([^ ]*@[^ )]*)/(WHO)/; s/ ssh:[a-z0-9_-]* / ACCOUNT /'
}
via status 'web[1-3]' >out
echo "[$?]"
untimed <out | sort
via off web3 | untimed
via cycle -x web3 'web[1-3]' >out
echo "[$?]"
untimed <out | sort
echo '--- the same as there'
via --json on web1 | sed 's/"[^"]*":/\n&/g' | grep '^"' | cut -d: -f1 >here
(cd far && pcu-reboot -c pcu.conf --json on web1) |
  sed 's/"[^"]*":/\n&/g' | grep '^"' | cut -d: -f1 | diff here - && echo alike
via -n cycle web1 | sed "s|$net|NET|; s|$PWD|PWD|"
via off web1 web9
echo "[$?]"
via --max 2 off 'web[1-3]'
echo "[$?]"
via web1 test | untimed
via --record x off web1 2>&1 | head -n 1
via --trace off web2 2>&1 | grep -c '^a: snmp '
pcu-reboot --via '' on web1 2>&1 | head -n 1
pcu-reboot --via ssh:-x on web1 2>&1 | head -n 1
echo '--- the journals'
pcu-reboot journal | journal | sort
pcu-reboot --state-dir far/state journal web3 | sed 's/^[^ ]* ssh:[^ ]*/T ACCOUNT/' |
  sed 's/([^ ]*@[^ )]*)/(WHO)/'
echo '--- interrupted'
pcu-reboot --via hub cycle 'slow[1-20]' >out 2>err &
pid=$!
await '[ "$(grep -c " 11 off " serve.1.log)" = 1 ]'
kill -TERM $pid
wait $pid
echo "[$?]"
sed 's/^pcu-reboot: //' err
[ "$(wc -l <out)" = 20 ] && echo 'a line for each'
cycled=$(grep -c ': cycled' out)
[ "$cycled" -gt 0 ] && [ $((cycled + $(grep -c skipped out))) = 20 ] &&
  [ "$(grep -c ' 1[1-9] on \| 2[0-9] on \| 30 on ' serve.1.log)" = "$cycled" ] &&
  echo 'what was off is on'
echo '--- each line as soon as it is known'
pcu-reboot --via hub cycle --stagger 3s 'slow[1-2]' >out 2>err &
pid=$!
await 'grep -q ": cycled" out'
[ "$(wc -l <out)" = 1 ] && echo 'the first, and the second goes on'
wait $pid
echo "[$?]"
wc -l <out
echo '--- not reached'
printf '#!/bin/sh\necho no route to host >&2; exit 255\n' >bin/ssh
via on web1 >out 2>&1
echo "[$?]"
sed 's/hub: .*: no/hub: WHY: no/' out
echo '--- what is done here only'
for verb in serve list lint journal models; do
  pcu-reboot --via hub $verb 2>&1 | head -1
done
