# A run that got some of the groups it asked for begins with these, and runs
# more at once when the pool has more again.
. "$TESTS/fanout.sh"
export here=$PWD
mkdir running
cat >task <<'E2'
: >$here/running/$1
ls $here/running | wc -l >>$here/counts
if [ $1 = 1 ]; then
  . "$TESTS/lib.sh"
  touch $here/begun
  await 'test -e $here/free'
fi
sleep 0.1
rm $here/running/$1
E2
cat >within <<'E2'
. "$TESTS/lib.sh"
ptbw -R3 sh -c '. "$TESTS/lib.sh"; touch held; await "test -e begun"' & h=$!
await 'test -e held'
xapply -P4 -t - 'sh ./task' $(seq 40) & x=$!
wait $h
touch free
wait $x
E2
timeout 60 ptbw -m -J4 sh ./within
echo $?
echo first: $(head -1 counts), most: $(sort -n counts | tail -1)
