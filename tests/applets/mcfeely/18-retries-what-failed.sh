# mcfeely 18: retry after a repair runs what failed and what was skipped for it.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 step <<'X'
echo "$MCFEELY_TASK" >>"$MCFEELY_COMM_DIR/../ran"
case $MCFEELY_TASK in b) [ -e "$1" ] || exit 3 ;; esac
X
repaired=$PWD/repaired
mcfeely-inject -q -w -e 'failure ops@example.com' \
  -e 'success sales@example.com' \
  -e 'task a h1 step' -e "task b h1 step $repaired" -e 'task c h1 step' \
  -e 'task d h1 step' -e 'require b a' -e 'require c a' -e 'require d b c' \
  2>/dev/null
echo "inject: $?"
states 1
touch repaired
mcfeely-server retry 1
mcfeely-server wait 1
echo "wait: $?"
states 1
mcfeely-server retry 1
echo "nothing is left to retry: $?"
sort ran | xargs
await '[ "$(ls mail | wc -l)" -eq 2 ]'
for letter in mail/letter.*; do
  grep -e '^To:' -e '^Subject:' -e '^Operator:' -e '^task' "$letter" | timeless |
    sed 's/by local:.*/by us/' | sort
done
mcfeely-server show 1 | grep '^operator' | timeless | sed 's/by local:.*/by us/'
