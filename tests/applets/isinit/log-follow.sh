# log -f goes on as an entry prints; more lines than are in memory come from
# the file.
. "$TESTS/lib.sh"
mkfifo talk
cat >tab <<T
g:a:1:respawn:seq 100; while read x; do echo \$x; done <>$PWD/talk
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
await 'i log -n 1 a | grep -q 100'
i log -n 3 a | sed 's/^[^ ]* //'
await 'test $(grep -c . run/log/a.log) = 100'
i log -n 60 a | wc -l
isinit -n -c "$PWD/tab" -r run log -f -n 1 a >follow &
follow=$!
await 'grep -q 100 follow'
echo more >talk
await 'grep -q more follow'
kill $follow
sed 's/^[^ ]* //' follow
i log nothing
