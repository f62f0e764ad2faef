# The examples of fence_pcu(8).
. "$TESTS/power.sh"
strips
rack s 1 'web[1-2]' '[1-2]' >pcu.conf
export FENCE_PCU="--run-dir run --state-dir state"
fence_pcu -c pcu.conf -o off -n web1
printf 'action=off\nport=web1\ninventory=pcu.conf\n' | fence_pcu
