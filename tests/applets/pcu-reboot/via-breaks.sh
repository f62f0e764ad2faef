# power 50: a line that breaks leaves hosts unknown; what has begun there is
# brought to its end, once.
. "$TESTS/power.sh"
. "$TESTS/ssh.sh"
command -v ssh >/dev/null || skip 'there is no ssh'
strips --outlets=40
far_hosts hub >/dev/null
mkdir bin farbin
rack a 1 'web[1-40]' '[1-40]' 'off-time 2s' >far/pcu.conf
printf '#!/bin/sh\nexec %s -F %s/ssh/config "$@"\n' "$(command -v ssh)" "$PWD" \
  >bin/ssh
cat >farbin/fleetbox <<X
#!/bin/sh
shift
cd $PWD/far
exec $(command -v pcu-reboot) -c pcu.conf --run-dir run --state-dir state \
  --secret-dir secrets "\$@" 2>>$PWD/far/log
X
chmod +x bin/ssh farbin/fleetbox
sed -i "s|^SetEnv |SetEnv PATH=$PWD/farbin:/usr/bin:/bin |" ssh/sshd.conf
export PATH="$PWD/bin:$PATH"
pcu-reboot --via hub status web1 | untimed
pcu-reboot --via hub cycle 'web[1-2]' >out 2>err &
pid=$!
await 'grep -q " 2 off " serve.1.log'
cut_line
wait $pid
echo "[$?]"
sed 's/hub: .*;/hub: WHY;/' out | sort
await '[ "$(grep -c " on " serve.1.log)" = 2 ]'
await '[ "$(grep -c relay.ended far/log)" = 2 ]'
grep -c ' off ' serve.1.log
grep -c ' on ' serve.1.log
who() { sed 's/^[^ ]* [^ ]*/T W/; s/(.*@[^ )]*)/(WHO)/; s/hub: .*;/hub: WHY;/'; }
pcu-reboot journal | who | sort
pcu-reboot --state-dir far/state journal | sed 's/^[^ ]* .* cycle/T W cycle/' | sort
