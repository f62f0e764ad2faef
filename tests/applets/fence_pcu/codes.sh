# power 51: what a cluster manager is told; never that a host is off that is not.
. "$TESTS/power.sh"
strips --stuck=7 --off
controllers --count=2
{ rack s 1 'web[1-8]' '[1-8]'; ipmi 1; ipmi 2; } >pcu.conf
export FENCE_PCU="--run-dir run --state-dir state --secret-dir secrets"
fence() {
  fence_pcu -c pcu.conf --power-timeout 2 "$@"
  echo "[$?]"
}
fence -o status -n web1
fence -o on -n web1
fence -o status -n web1
fence -o off -n web1
fence -o off -n web1
fence -o reboot -n h1
fence -o reboot -m cycle -n h2
fence -o status -n web1,h1
fence -o monitor
fence -o list
fence -o list-status -q
fence -o validate-all
echo '--- on standard input'
printf 'action=status\nport=h1\ninventory=pcu.conf\n# a comment\n' | fence_pcu
echo "[$?]"
printf 'action=off\nplug=h2\ninventory=pcu.conf\nnodename=x\n' | fence_pcu
echo "[$?]"
echo '--- what goes wrong'
fence -o off -n nosuch
fence -o dance -n web1
fence -o off
fence_pcu -c nowhere.conf -o off -n web1
echo "[$?]"
fence_pcu -o metadata | head -2
