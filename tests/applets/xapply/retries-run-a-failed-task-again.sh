# --retries: further attempts for a failed task; what failed attempts printed is
# left out unless it is asked for.
. "$TESTS/fanout.sh"
cat >third <<'X'
echo x >>"tries.$1"
n=$(wc -l <"tries.$1")
echo "$1: attempt $n"
[ "$n" -ge 3 ]
X
xapply -m --retries=2 --joblog=log 'sh third %1' a b
cut -f 1,7 log
echo "-- too few"
xapply -m --retries=1 --exit=any 'sh third %1' c
echo "[$?]"
echo "-- all of it"
xapply -m --retries=5 --keep-failed-output 'sh third %1' d
echo "-- only some statuses"
xapply --retries=3 --retry-on=3,5 'echo x >>n.%1; exit %1' 3 4 5 0
wc -l n.* | awk '{ print $2, $1 }'
