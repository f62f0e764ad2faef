# A dialogue, with powerman's own simulator of a device: off and on over one
# connection.
. "$TESTS/power.sh"
command -v vpcd >/dev/null && [ -e /etc/powerman/vpc.dev ] || skip 'there is no vpcd'
cat >powerman.conf <<'END'
include "/etc/powerman/vpc.dev"
device "v0" "vpc" "/usr/sbin/vpcd |&"
node "t[0-15]" "v0"
END
export FENCE_PCU="--run-dir run --state-dir state -c powerman.conf"
fence() {
  fence_pcu "$@" 2>&1
  echo "[$?]"
}
fence -o on -n t3
fence -v -o reboot -n t3 | grep -e send -e Success -e '^\['
pcu-reboot --config powerman.conf journal t3 | sed 's/^[^ ]* [^ ]* //'
