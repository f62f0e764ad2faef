# xapply H16: TERM, HUP and INT stop the intake and are passed on to every task
# and all it started; the exit code says which signal it was.
. "$TESTS/fanout.sh"
for signal in TERM HUP INT; do
  rm -f up.*
  # A shell makes its background jobs ignore INT.
  env --default-signal=INT MARK="$PWD" xapply -P2 '
    exec 2>/dev/null
    trap "echo %1 got '$signal' >>got; trap - '$signal'; kill -'$signal' \$\$" \
      '$signal'
    sh -c "touch up.%1; exec sleep 100"; echo late %1' a b c d &
  pid=$!
  await 'test -e up.a -a -e up.b'
  kill -$signal $pid
  wait $pid 2>/dev/null
  echo "$signal $? $(ls up.* | wc -l)"
  marked
done
sort got
