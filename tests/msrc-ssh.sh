# For black-box tests of msrc with a real ssh: . "$TESTS/msrc-ssh.sh"
#
#   real_hosts h1 h2   hosts behind an sshd of the test's own (sshd -i, which is
#                      ssh's ProxyCommand: no port); far/h1 is the home of whoever
#                      logs in on h1, hosts.cf a table of all of them, which is $T
#   calls HOST         how often HOST has been called so far
#   left HOST          what a run has left in INTO that is not of its folder
#   homely             other transports and utilities find themselves in the home
#   cut_line           breaks every line there is, as a power cut between would
#   far_kill HOST      kills all that the latest connection to HOST runs there
#
# What ssh/lines/HOST says becomes of the next connections to HOST: "down", none;
# "in N" or "out N", it breaks after about N KiB to or from there; a line of sh
# else, which is run first.
. "$TESTS/msrc.sh"

real_hosts() {
  cd "$here" || exit 1
  real_sshd=$(command -v sshd || echo /usr/sbin/sshd)
  [ -x "$real_sshd" ] || skip 'there is no sshd'
  # As root, sshd wants a folder that its service makes.
  [ "$(id -u)" != 0 ] || mkdir -p -m 755 /run/sshd || skip 'no /run/sshd'
  mkdir -p ssh/lines ssh/calls
  chmod go-w . far
  ssh-keygen -q -t ed25519 -N '' -f ssh/host_key || exit 1
  ssh-keygen -q -t ed25519 -N '' -f ssh/user_key || exit 1
  cp ssh/user_key.pub ssh/authorized
  cat >ssh/line <<X
#!/bin/sh
cd $here/ssh && echo \$\$ >>calls/\$1
how=; [ ! -e lines/\$1 ] || read -r how <lines/\$1
sshd="$real_sshd -i -f \$1.conf"
exec 2>>sshd.log
case \$how in
  down) exit 1 ;;
  in\ *) dd bs=1024 count=\${how#in } | \$sshd ;;
  out\ *) \$sshd | dd bs=1024 count=\${how#out } ;;
  *) eval "\$how"; exec \$sshd ;;
esac
X
  chmod +x ssh/line
  echo "host $(cat ssh/host_key.pub)" >ssh/known
  cat >ssh/config <<X
Host *
  ProxyCommand $here/ssh/line %n
  HostKeyAlias host
  UserKnownHostsFile $here/ssh/known
  GlobalKnownHostsFile none
  IdentityFile $here/ssh/user_key
  IdentitiesOnly yes
  StrictHostKeyChecking yes
  LogLevel ERROR
X
  T=$here/hosts.cf
  printf 'SSH="ssh -F %s"\n' "$here/ssh/config" >"$T"
  for real_host in "$@"; do
    mkdir -p "far/$real_host"
    chmod go-w "far/$real_host"
    cat >"ssh/$real_host.conf" <<X
HostKey $here/ssh/host_key
AuthorizedKeysFile $here/ssh/authorized
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile none
SetEnv HOME=$here/far/$real_host TMPDIR=$here/far/$real_host XDG_CACHE_HOME=$here/far/$real_host/.cache XDG_CONFIG_HOME=$here/far/$real_host/.config
X
    echo "$real_host" >>"$T"
  done
  cd "$here/msrc/app" || exit 1
}

calls() { cat "$here/ssh/calls/$1" 2>/dev/null | wc -l; }

left() { find "$here/far/$1" -name '.msrc-*' -o -name '*.lock'; }

far_kill() {
  far_all= far_next=$(tail -n 1 "$here/ssh/calls/$1")
  while [ -n "$far_next" ]; do
    far_all="$far_all $far_next"
    far_next=$(for far_pid in $far_next; do
      cat "/proc/$far_pid/task/$far_pid/children" 2>/dev/null
    done)
  done
  # The receiver first: it is to see nothing of the line's end.
  for far_pid in $(printf '%s\n' $far_all | tac); do
    kill -9 "$far_pid" 2>/dev/null
  done
}

# What is no receiver begins in the home, too.
homely() {
  for real_conf in "$here"/ssh/*.conf; do
    echo 'ForceCommand cd && exec sh -c "$SSH_ORIGINAL_COMMAND"' >>"$real_conf"
  done
}

cut_line() {
  for real_calls in "$here"/ssh/calls/*; do
    while read -r real_pid; do
      kill -9 "$real_pid" 2>/dev/null
    done <"$real_calls"
  done
}
