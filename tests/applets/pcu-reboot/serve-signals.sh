# power 34: a server that is killed in the middle of a cycle; one that reads its
# inventory again; one that ends.
. "$TESTS/power.sh"
strips --count=2
{ rack a 1 'web[1-4]' '[1-4]' 'off-time 60s'; rack b 2 db1 1; } >pcu.conf
start() {
  serve pcu-reboot serve --config pcu.conf --run-dir run --state-dir state \
    --secret-dir secrets --listen "unix:$PWD/s" --ready-fd 3 "$@"
}
ask() { powerman -h "$PWD/s" "$@"; }
killed() {
  kill -9 $served
  wait $served 2>/dev/null
  wait $client
}
# Of its log, without times and pids.
told() { sed -e 's/^[^ ]* //' -e 's/ pid=.*//' -e 's/begun [^ ]* by [^ ,]*/begun .../' "serve.$serve_n.log" | grep "^power.$1"; }
start
ask -q
ask -c web1 >cycle 2>&1 &
client=$!
await 'grep -q " 1 off " serve.1.log'
killed
echo "[$?]"
echo '--- told only'
start
await 'told unfinished'
told unfinished
ask -Q web1
await 'pcu-reboot journal web1 | grep -q "was not finished"'
unserve $served
echo '--- switched on'
start
ask -1 web1
ask -c web1 >cycle 2>&1 &
client=$!
await '[ $(grep -c " 1 off " serve.1.log) = 2 ]'
killed
start --resume-on
await 'told switched'
told unfinished
told switched
ask -Q web1
unserve $served
echo '--- read again'
start
echo 'pcu "a" {' >pcu.conf
kill -HUP $served
await 'told inventory.kept'
told inventory | sed 's/why=.*/why/'
ask -l
rack b 2 'db[1-2]' '[1-2]' >pcu.conf
kill -HUP $served
await 'told inventory.read'
told inventory.read
ask -l
ask -Q db1,db2
unserve $served
echo "[$?]"
told 'stop'
[ -e s ] || echo 'its socket is gone'
