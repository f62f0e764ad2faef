# Standard descriptors that are closed stay closed for nobody's files: a job log
# is not what a task prints to.
. "$TESTS/fanout.sh"
xapply --joblog=log1 'echo o""ut %1' a >&-
grep -cx 'out a' log1
xapply --joblog=log2 'echo e""rr %1 >&2' a 2>&-
grep -cx 'err a' log2
xapply --joblog=log3 'cat 2>/dev/null; echo %1' a <&-
cut -f 1,9 log3 | tail -n 1
xapply -m --joblog=log4 'echo o""ut %1; echo e""rr %1 >&2' a <&- >&- 2>&-
cut -f 1,9 log4 | tail -n 1
