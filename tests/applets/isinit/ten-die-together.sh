# isinit 8: ten that are killed at one instant are all back, and no zombie is
# left.
. "$TESTS/lib.sh"
for n in 0 1 2 3 4 5 6 7 8 9; do
  echo "g:t$n:1:respawn:echo \$\$ >>$PWD/pids; exec sleep 1000"
done >tab
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
await 'test $(wc -l <pids) = 10'
kill -9 $(cat pids)
await 'test $(wc -l <pids) = 20'
sort -u pids | wc -l
ps -o stat= --ppid $served | grep Z || echo no zombie
