# A host that has a fleetbox of this version gets none; one of another version,
# half a file, and another platform are told apart.
. "$TESTS/mcfeely.sh"
. "$TESTS/ssh.sh"
far_hosts web1 web2 web3 >far.conf
mkdir far/bin
# The first SetEnv counts.
sed -i "s|^SetEnv |SetEnv PATH=$PWD/far/bin:/usr/bin:/bin |" ssh/sshd.conf
cp "$(readlink -f "$(command -v fleetbox)")" far/bin/fleetbox
CONFIG=$(cat far.conf) fleet
printf '#!/bin/sh\necho done\n' >far/comm/true
chmod 755 far/comm/true
cache=far/.cache/fleetbox

echo "--- the same version"
mcfeely-inject -q -w web1 true 2>&1 | timeless
ls far/.cache 2>/dev/null

echo "--- another version"
printf '#!/bin/sh\necho fleetbox 0.0\n' >far/bin/new
chmod 755 far/bin/new && mv far/bin/new far/bin/fleetbox
mcfeely-inject -q -w web2 true 2>&1 | timeless
ls $cache | sed 's/-.*/-HASH/'
grep -c executable.copied serve.1.log

echo "--- half of it, as a crash of the host would leave it"
file=$(echo $cache/fleetbox-*)
head -c 100000 "$file" >half && chmod 700 half && mv half "$file"
mcfeely-inject -q -w web3 true 2>&1 | timeless
cmp "$file" "$(readlink -f "$(command -v fleetbox)")" && echo whole
grep -c executable.copied serve.1.log

echo "--- another platform"
printf '#!/bin/sh\necho Plan9 mips\n' >far/bin/uname
chmod 755 far/bin/uname
await 'grep -q "host.gone host=web3" serve.1.log'
rm "$file"
mcfeely-inject -q -e 'task t web3 true'
await 'mcfeely-server show 4.t | grep -q "cannot be reached"'
mcfeely-server show 4.t | grep -o 'web3 cannot be reached: .*, not'
states 4
