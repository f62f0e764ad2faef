# --resume skips what the job log has, failed or not; --resume-failed what
# succeeded; a command that is not the same is refused.
. "$TESTS/fanout.sh"
xapply --joblog=log 'echo %1; [ %1 != b -o -e fixed ]' a b
echo "-- resume"
xapply --joblog=log --resume 'echo %1; [ %1 != b -o -e fixed ]' a b c
touch fixed
echo "-- resume-failed"
xapply --joblog=log --resume-failed 'echo %1; [ %1 != b -o -e fixed ]' a b c d
echo "-- once more"
xapply --joblog=log --resume-failed 'echo %1; [ %1 != b -o -e fixed ]' a b c d
cut -f 1,7 log
run another-command <<'X'
xapply --joblog=log --resume 'echo no %1' a b c d
X
run without-a-log <<'X'
xapply --resume 'echo no %1' a; [ $? != 0 ] && echo refused
X
