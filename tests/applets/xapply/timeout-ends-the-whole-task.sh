# --timeout: TERM to the task and all it started, KILL for what stays; 124.
. "$TESTS/fanout.sh"
env MARK="$PWD" xapply --timeout=300ms --exit=worst --joblog=log \
  'echo %1; sleep 100 & sleep 100' a
echo "$?"
cut -f 1,7 log
marked
# One that does not hear TERM.
begin=$(date +%s%N)
env MARK="$PWD" xapply --timeout=100ms --kill-after=200ms --exit=worst \
  'trap "" TERM; sleep 100 & while :; do sleep 100; done; : %1' a
echo "$?"
[ $((($(date +%s%N) - begin) / 1000000)) -lt 4000 ] && echo soon
marked
# A percentage of the median, known when three have ended.
xapply --timeout=300% --exit=count 'test %1 != d || exec sleep 100' a b c d
echo "$?"
# What is quick is not touched.
xapply --timeout=20s --exit=worst 'exit %1' 0 7
echo "$?"
