# --retry-failed takes its commands from the job log.
. "$TESTS/fanout.sh"
xapply --joblog=log 'echo "a  %1"; test -e fixed' 1 2
sed -n 's/^.*\t//p' log | sed 1d
touch fixed
xapply --joblog=log --retry-failed
echo "[$?]"
xapply --joblog=log --retry-failed
cut -f 1,7 log
