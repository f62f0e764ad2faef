# For black-box tests of pcu-reboot: . "$TESTS/power.sh"
#
#   strips ...       serves outlet strips (tests/fakes/outlets.cc) on $net.1 and on
#   controllers ...  serves IPMI controllers (tests/fakes/bmc.cc) likewise
#   rack NAME N HOSTS PLUGS [SETTINGS]   the inventory's lines of the Nth strip
#   ipmi N [SETTINGS]                    of the Nth controller, and its host hN
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
untimed() { sed 's/ [0-9]*\.[0-9]s$//'; }
