# Blades on a chassis on a plug; parents before children, or after them.
. "$TESTS/power.sh"
strips --count=2 --off
site() {
  rack a 1 'chassis[1-2]' '[1-2]'
  rack b 2 'blade[1-4]' '[1-4]'
  rack gone 9 chassis3 1
  echo 'parent "chassis1" "blade[1-2]"'
  echo 'parent "chassis2" "blade3"'
}
{ site; echo 'parent "chassis3" "blade4"'; } >pcu.conf
# What was sent since the last time: strip, plug, state.
sent() {
  cut -d' ' -f1-3 serve.1.log | sed -n "$((seen + 1)),\$p" |
    sed "s/^$net.1/a/; s/^$net.2/b/"
  seen=$(wc -l <serve.1.log)
}
seen=0
run() {
  echo "$*"
  coded pcu-reboot -t 2s --connect-timeout 1s "$@" | untimed |
    sed "s/$net.1/A/; s/$net.2/B/; s|$PWD|PWD|"
}
run list blade1 chassis1
run on blade1 blade4
sent
run on blade1 blade2 chassis1
sent
run -n off chassis1 blade1 blade2
run off chassis1 blade1 blade2
sent
run off blade1
run cycle blade3
run reset blade3
run --no-wait --off-time 1s cycle blade3 chassis2
sent
pcu-reboot --json on blade2 | grep -o '"outcome":.*"detail":"[^"]*"'
run -n on blade1 chassis1
{
  site
  echo 'parent "blade3" "chassis2"'
  echo 'parent "chassis9" "blade4"'
} >pcu.conf
pcu-reboot lint pcu.conf
