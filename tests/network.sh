# For tests of a network that falls silent: two network namespaces of their own,
# joined by a pair of devices. Source it first of all, as it runs the script
# anew inside.
#
#   10.9.0.1, 10.9.0.2    here, and there
#   far COMMAND ...       runs it there
#   cut, mend             packets go to a wrong hardware address meanwhile: all
#                         are sent, nobody takes them, and nobody says so
#
# A test that sets a trap for its end calls end_network in it.
if [ -z "${INSIDE:-}" ]; then
  unshare -rn true 2>/dev/null || {
    echo 'skipped: no network namespaces here'
    exit 0
  }
  exec env INSIDE=1 unshare -rn sh "$0"
fi
unshare -n sleep 3600 &
there=$!
end_network() { kill "$there" 2>/dev/null; }
trap end_network EXIT
far() { nsenter -t "$there" -n "$@"; }
while [ "$(readlink /proc/$there/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do
  kill -0 "$there" || exit 1
  sleep 0.02
done
ip link add v0 type veth peer name v1 netns "$there" 2>/dev/null || {
  echo 'skipped: no pair of network devices here'
  exit 0
}
ip addr add 10.9.0.1/24 dev v0 && ip link set v0 up && ip link set lo up
far ip addr add 10.9.0.2/24 dev v1 && far ip link set v1 up

cut() {
  ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:99 dev v0 nud permanent
  far ip neigh replace 10.9.0.1 lladdr 02:00:00:00:00:99 dev v1 nud permanent
}
mend() {
  ip neigh del 10.9.0.2 dev v0
  far ip neigh del 10.9.0.1 dev v1
}
