# isinit 9, 10, 11, 12, 13: how levels are written, and that they are compared
# as they are written.
. "$TESTS/lib.sh"
cat >tab <<T
g:a:12:respawn:exec sleep 1000
l:b:long1,long2,5:respawn:sleep 1000
l:c:long3,:respawn:sleep 1000
s:d:start:respawn:sleep 1000
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
t() { i tell --wait=30s "$@"; }
pids() { i status --json | sed -n 's/ *"\(tag\|pid\)": //p' | tr -d '",\n'; }
up() { i status | awk '$3 == "up" { printf "%s ", $1 } END { print "" }'; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
t g 1 && before=$(pids)
t g 2 && test "$before" = "$(pids)" && echo the same pid
t g 3 && up
for level in long1 long2 5 long3 l 1; do t l $level >/dev/null && up; done
t s start && up
t s t >/dev/null && up
t g 1 && t g . && up
t g 0 && up
grep -v startid run/initstat | grep -v endid
