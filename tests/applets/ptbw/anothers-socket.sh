# A manager removes no socket but its own, and of many that want one name at
# once one gets it.
. "$TESTS/lib.sh"
ptbw -m -J1 -N $PWD/pool : & a=$!
await 'test -S pool'
rm pool
ptbw -m -J1 -N $PWD/pool : & b=$!
await 'test -S pool'
kill $a; wait $a; echo first=$?
ptbw -t pool -A echo served
kill $b; wait $b; echo second=$?
[ -e pool ] || echo gone
echo "-- twenty at once"
i=0
while [ $i -lt 20 ]; do
  (ptbw -m -J1 -N $PWD/pool sh -c '. "$TESTS/lib.sh"; await "test -e go"' 2>/dev/null
  echo $? >>codes) &
  i=$((i + 1))
done
await 'test "$(wc -l <codes)" = 19'
ptbw -t pool -A echo served
: >go; wait
sort codes | uniq -c
ls -A
