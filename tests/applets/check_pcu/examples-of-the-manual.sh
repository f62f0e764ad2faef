# The example of check_pcu(8).
. "$TESTS/power.sh"
strips
rack s 1 'web[1-2]' '[1-2]' >pcu.conf
export CHECK_PCU="--run-dir run --state-dir state"
check_pcu -c pcu.conf -H web1 | sed 's/time=.*/time=.../'
