# A line and a number, as Nagios wants them.
. "$TESTS/power.sh"
strips
controllers --count=2 --dead=1
{
  rack s 1 'web[1-8]' '[1-8]'
  ipmi 1
  echo "pcu \"bmc2\" { ip \"$net.1\" ports ipmi 10623 user \"admin\"
    secret file:$PWD/wrong node \"h2\" \"1\" }"
  echo "pcu \"mute\" { ip \"$net.2\" ports ipmi 10623 user \"admin\"
    secret file:$PWD/password node \"dark\" \"1\" }"
  rack gone 99 refused 1
} >pcu.conf
(umask 077 && echo nonsense >wrong)
export CHECK_PCU="--run-dir run --state-dir state --secret-dir secrets -c pcu.conf"
check() {
  check_pcu "$@" >line 2>&1
  code=$?
  sed 's/time=.*/time=.../; s/until [^ ]*Z/until T/' line
  echo "[$code]"
}
check -H web1
check -H h1
check -H h2
check -H h2
check -H nosuch
check -H dark -t 1s
check -H refused
check
check -c nowhere.conf -H web1
grep -e ' on ' -e ' off ' serve.1.log || echo 'nothing was switched'
