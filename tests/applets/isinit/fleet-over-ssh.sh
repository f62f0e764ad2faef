# isinit 45: hosts are reached through their sshd, and a request's signature
# counts behind it as well.
. "$TESTS/lib.sh"
. "$TESTS/ssh.sh"
command -v ssh >/dev/null || skip 'there is no ssh'
with_keys user:ops host:web
far_hosts web >/dev/null
mkdir bin farbin
printf '#!/bin/sh\nexec %s -F %s/ssh/config "$@"\n' "$(command -v ssh)" "$PWD" \
  >bin/ssh
# What the far side calls fleetbox knows where its server is.
printf '#!/bin/sh\nshift\nexec %s -r %s/run "$@"\n' "$(command -v isinit)" \
  "$PWD" >farbin/fleetbox
chmod 755 bin/ssh farbin/fleetbox
sed -i "s|^SetEnv |SetEnv PATH=$PWD/farbin:/usr/bin:/bin |" ssh/sshd.conf
echo 'g:a:1:respawn:exec sleep 1000' >tab
serve isinit -d -c "$PWD/tab" -r run -N web -i keys/host:web \
  --trust keys/allowed_signers --ready-fd 3
f() { PATH="$PWD/bin:$PATH" isinit -i keys/user:ops -H "$@" 2>&1; }
f web tell --wait=20s g 1
echo "code $?"
f web status | grep -c ' up '
touch lines/down
f web tell g 0 | sed 's/:.*:.*/: not reached/'
isinit -n -c tab -r run -v g 1
