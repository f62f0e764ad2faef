# For black-box tests with a real sshd: . "$TESTS/mcfeely.sh", then this.
#
#   far_hosts h1 h2     hosts for hub.conf, reached through an sshd of our own;
#                       far/ is the home of whoever logs in there, far/comm its
#                       comm folder
#   cut_line            breaks every line there is, as a power cut between would
#
# sshd serves one connection over a pipe (sshd -i), which is ssh's ProxyCommand:
# no port, and nothing of the system's but the program itself.

far_hosts() {
  far_sshd=$(command -v sshd || echo /usr/sbin/sshd)
  [ -x "$far_sshd" ] || skip 'there is no sshd'
  # As root, sshd wants a folder that its service makes.
  [ "$(id -u)" != 0 ] || mkdir -p -m 755 /run/sshd || skip 'no /run/sshd'
  mkdir -p far/comm ssh lines
  chmod go-w . far far/comm
  ssh-keygen -q -t ed25519 -N '' -f ssh/host_key || exit 1
  ssh-keygen -q -t ed25519 -N '' -f ssh/user_key || exit 1
  cp ssh/user_key.pub ssh/authorized
  cat >ssh/sshd.conf <<X
HostKey $PWD/ssh/host_key
AuthorizedKeysFile $PWD/ssh/authorized
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile none
SetEnv HOME=$PWD/far XDG_CACHE_HOME=$PWD/far/.cache XDG_STATE_HOME=$PWD/far/.state
X
  cat >ssh/line <<X
#!/bin/sh
[ ! -e $PWD/lines/down ] || exit 1
echo \$\$ >$PWD/lines/\$\$
exec $far_sshd -i -f $PWD/ssh/sshd.conf 2>>$PWD/ssh/sshd.log
X
  chmod +x ssh/line
  echo "host $(cat ssh/host_key.pub)" >ssh/known
  cat >ssh/config <<X
Host *
  ProxyCommand $PWD/ssh/line
  HostKeyAlias host
  UserKnownHostsFile $PWD/ssh/known
  GlobalKnownHostsFile none
  IdentityFile $PWD/ssh/user_key
  IdentitiesOnly yes
  LogLevel ERROR
X
  echo "ssh ssh -F $PWD/ssh/config"
  echo "far-agent -v -C $PWD/far/comm"
  for far_host in "$@"; do echo "host $far_host ssh:$far_host"; done
}

cut_line() {
  for far_line in lines/[0-9]*; do
    [ -e "$far_line" ] || continue
    kill -9 "$(cat "$far_line")" 2>/dev/null
    rm "$far_line"
  done
}
