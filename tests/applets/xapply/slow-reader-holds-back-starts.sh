# Under --collate=line nothing is kept for a task, so no more of them start
# while the reader is behind: the memory needed does not depend on their number.
. "$TESTS/lib.sh"
mkfifo pipe
mkdir started
seq 300 >items
xapply --collate=line -P2 -f ': >started/%1; yes %1 | head -c 100000; echo' \
  items >pipe &
exec 3<pipe
await '[ "$(ls started | wc -l)" -ge 4 ]'
before=0
settled() {
  now=$(ls started | wc -l)
  [ "$now" = "$before" ] && return
  before=$now
  sleep 0.3
  false
}
await settled
[ "$before" -lt 60 ] && echo "few have started" || echo "$before have started"
wc -c <&3
wait $!
echo "$? $(ls started | wc -l)"
