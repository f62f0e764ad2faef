# --joblog: a header, and a row for each attempt, in the columns of GNU parallel.
. "$TESTS/fanout.sh"
xapply --joblog=log -m 'printf 12345; exit %1' 0 3
echo
head -n 1 log
cut -f 1,6,7,8,9 log | sed 1d
[ "$(cut -f 2 log | tail -n 1)" = "$(uname -n)" ] && echo host
awk -F '\t' 'NR > 1 && ($3 < 1e9 || $4 < 0 || $4 > 20) { print "times:", $0 }' log
# A signal has a column of its own.
xapply --joblog=killed 'kill -9 $$; : %1' a
sed 1d killed | cut -f 1,8
# It is appended to, without a second header.
xapply --joblog=log 'true %1' z
cut -f 1 log
