. "$TESTS/fleet.sh"
mkdir slow
printf '%s\n' '`slow:' '	@touch started; exec sleep 50' "'dnl" >slow/Cache.m4
efmd -C fleet.cf -F0 slow >out 2>err &
pid=$!
await 'test -e slow/started'
ls | grep -c hxtf
kill -TERM "$pid"
wait "$pid"
echo "$?"
cat out
grep efmd err
ls | grep hxtf || echo none
