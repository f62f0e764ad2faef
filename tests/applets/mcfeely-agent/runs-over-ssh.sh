# No agent at all: the server starts its own executable on the far host, through
# a real sshd, for as long as there is work.
. "$TESTS/mcfeely.sh"
. "$TESTS/ssh.sh"
far_hosts web1 >far.conf
CONFIG=$(cat far.conf) fleet
cat >far/comm/hello <<'X'
#!/bin/sh
echo "hello $1 from $MCFEELY_HOST"
X
chmod 755 far/comm/hello
mcfeely-inject -w -e 'task a web1 hello world' 2>&1 | timeless
mcfeely-server show 1.a | grep -o 'hello .*'
ls far/.cache/fleetbox | sed 's/-.*/-HASH/'
cmp far/.cache/fleetbox/fleetbox-* "$(readlink -f "$(command -v fleetbox)")" && echo same
