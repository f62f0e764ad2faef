# For black-box tests of pcu-reboot: . "$TESTS/power.sh"
#
#   strips ...       serves outlet strips (tests/fakes/outlets.cc) on $net.1 and on
#   controllers ...  serves IPMI controllers (tests/fakes/bmc.cc) likewise
#   rack NAME N HOSTS PLUGS [SETTINGS]   the inventory's lines of the Nth strip
#   ipmi N [SETTINGS]                    of the Nth controller, and its host hN
#   hub [OPTIONS]    makes an ssh that is none, for --via hub: this host, with
#                    folders of its own in far, and these options there
#   coded COMMAND    what it prints, its code behind that: code lost in no pipe
#   untimed          takes times out of what comes through it
. "$TESTS/lib.sh"
[ -x "$FAKES/bmc" ] && [ -x "$FAKES/outlets" ] ||
  skip 'the models of controllers are not built: make blackbox builds them'

# Addresses of this test alone.
net=127.$(($$ / 200 % 200 + 20)).$(($$ % 200 + 1))
export PCU_REBOOT='--config pcu.conf --run-dir run --state-dir state --secret-dir secrets'

(umask 077 && echo private >community && echo secret >password)
strips() {
  serve "$FAKES/outlets" --address=$net.1 --port=10161 "$@" --ready-fd=3
}
controllers() {
  serve "$FAKES/bmc" --address=$net.1 --port=10623 "$@" --ready-fd=3
}
rack() {
  echo "pcu \"$1\" { model \"apc-masterswitch\" ip \"$net.$2\" ports snmp 10161
    secret file:$PWD/community node \"$3\" \"$4\" $5 }"
}
ipmi() {
  echo "pcu \"bmc$1\" { ip \"$net.$1\" ports ipmi 10623 user \"admin\"
    secret file:$PWD/password node \"h$1\" \"1\" $2 }"
}
hub() {
  mkdir -p bin far farbin
  cat >bin/ssh <<X
#!/bin/sh
for word; do :; done
cd $PWD/far && unset PCU_REBOOT FLEETBOX_IDENTITY FLEETBOX_TRUST
export SSH_CLIENT='192.0.2.7 4711 22' HOME=\$PWD PATH=$PWD/farbin:\$PATH
exec sh -c "\$word"
X
  cat >farbin/fleetbox <<X
#!/bin/sh
[ "\$1 \$2" = 'pcu-reboot --relay' ] || exit 1
shift
exec $(command -v pcu-reboot) -c pcu.conf --run-dir run --state-dir state \
  --secret-dir secrets $* "\$@" 2>>$PWD/far/log
X
  chmod +x bin/ssh farbin/fleetbox
  export PATH="$PWD/bin:$PATH" HOME="$PWD"
}
coded() {
  "$@" >coded.out 2>&1
  coded_n=$?
  cat coded.out
  echo "[$coded_n]"
}
untimed() { sed 's/ [0-9]*\.[0-9]s$//'; }
