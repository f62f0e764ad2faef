# --retry-delay=TIME,FACTOR: the second delay is that much longer; other tasks
# run meanwhile.
. "$TESTS/fanout.sh"
begin=$(date +%s%N)
xapply --retries=2 --retry-delay=200ms,3 'echo %1 >>out; test %1 != a' a b
ms=$((($(date +%s%N) - begin) / 1000000))
[ $ms -ge 800 ] && echo 'at least 800 ms'
[ $ms -lt 8000 ] && echo 'not much more'
sort out
