# power 14, 18: a strip behind ssh: whose key is nobody's is not spoken to; one that
# is trusted at first use is kept, and no other in its place; a wrong password is
# tried once.
. "$TESTS/power.sh"
for program in ssh ssh-keygen; do
  command -v $program >/dev/null || skip "there is no $program"
done
/usr/bin/python3 -c 'import paramiko' 2>/dev/null || skip 'there is no python3-paramiko'
export HOME="$PWD"
unset SSH_AUTH_SOCK
strip() {
  rm -f attempts host_key host_key.pub
  ssh-keygen -q -t rsa -N '' -f host_key
  serve sh -c 'exec /usr/bin/python3 "$TESTS/fakes/ssh_strip.py" attempts host_key \
    secret=hunter2 ready-fd=3 >port'
}
inventory() {
  cat <<END
language 2
specification "strip" {
  timeout 20  transport ssh
  script login { expect "> " }
  script logout { send "quit\r" }
  script status_all {
    send "status\r"
    expectany {
      "plug ([0-9]+) (ON|OFF)" { setplugstate \$1 \$2 on="ON" off="OFF" again }
      "> " { }
    }
  }
  script on { send "on %s\r" expect "> " }
  script off { send "off %s\r" expect "> " }
}
pcu "p" { model "strip" ip "127.0.0.1" ports ssh $1 user "operator" $2
  secret file:$PWD/password node "web[1-2]" "[1-2]" }
END
}
try() {
  tell pcu-reboot "$@"
}
tell() {
  "$@" >out
  echo "[$?] $(head -1 out | untimed | sed 's/SHA256:[^ ;,)]*/SHA256:KEY/; s/until [^ ]*/until T/; s/]:[0-9]*/]:PORT/')"
  grep -e attempt -e 'command o' attempts
  rm -f attempts
}
echo hunter2 >password
strip
inventory "$(cat port)" >pcu.conf
echo '--- nobody knows its key'
try off web1
echo '--- trusted at first use'
inventory "$(cat port)" trust-first-use >pcu.conf
try off web1
inventory "$(cat port)" >pcu.conf
try status web1
echo '--- another key'
unserve $served
cp host_key.pub before.pub
strip
inventory "$(cat port)" trust-first-use >pcu.conf
# A port belongs to the name, and this one has another.
echo "[127.0.0.1]:$(cat port) $(cut -d' ' -f1,2 before.pub)" >secrets/pcu_known_hosts
try status web1
echo '--- nowhere to keep a key'
rm -r secrets && echo >secrets
try status web1
echo '--- a disk that is full'
rm secrets
mkdir -m 700 secrets
as=-m
[ "$(id -u)" = 0 ] || as=-rm
tell unshare $as sh -c 'mount -t tmpfs -o size=4k none secrets &&
  head -c 4096 /dev/zero >secrets/filler && exec pcu-reboot status web1'
echo '--- a wrong password'
rm -r secrets
inventory "$(cat port)" trust-first-use >pcu.conf
echo wrong >password
try -q on web1
