# power 51: an outlet that takes off and stays on: 7, by every method, and never
# 0; wrong credentials: 3; nobody there: 4.
. "$TESTS/power.sh"
strips --stuck=7
controllers --count=1
{
  rack s 1 'web[1-8]' '[1-8]'
  ipmi 1
  echo "pcu \"bmc2\" { ip \"$net.1\" ports ipmi 10623 user \"admin\"
    secret file:$PWD/wrong node \"h2\" \"1\" }"
  rack gone 99 dark 1
} >pcu.conf
(umask 077 && echo nonsense >wrong)
export FENCE_PCU="--run-dir run --state-dir state --secret-dir secrets"
fence() {
  fence_pcu -c pcu.conf --power-timeout 1 --login-timeout 1 "$@"
  echo "[$?]"
}
fence -o off -n web7
fence -o reboot -n web7
fence -o reboot -m cycle -n web7
fence -o off -n web6,web7 -q
fence -o status -n web7
fence -o off -n h2
fence -o off -n h2 -q
fence -o off -n dark -q
pcu-reboot journal web7 | sed 's/^[^ ]* [^ ]* //'
