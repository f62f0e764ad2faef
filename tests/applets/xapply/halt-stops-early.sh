# --halt: soon takes no more items, now also ends what runs.
. "$TESTS/fanout.sh"
run soon-fail <<'X'
xapply --halt=soon,fail=2 'echo %1; exit %1' 0 1 0 1 0 0 >out 2>/dev/null; cat out
X
run soon-waits <<'X'
xapply -P2 --joblog=log --halt=soon,fail=1 'case %1 in
  bad) ./await "test -e up"; exit 1;;
  good) touch up; ./await "[ \$(wc -l <log) = 2 ]"; echo good ended;;
  late) echo late;;
esac' good bad late 2>/dev/null
X
run now-fail <<'X'
env MARK="$PWD" xapply -P2 --halt=now,fail=1 'case %1 in
  bad) ./await "test -e up"; exit 1;;
  long) touch up; sleep 100; echo long ended;;
  late) echo late;;
esac' long bad late 2>/dev/null; . "$TESTS/fanout.sh"; marked
X
run now-success <<'X'
xapply --halt=now,success=1 'echo %1; exit %1' 3 4 0 5 2>/dev/null
X
run now-done <<'X'
xapply --halt=now,done=2 'echo %1; exit %1' 3 0 5 2>/dev/null
X
run share <<'X'
seq 20 | xapply -f --halt=soon,fail=50% 'echo x; false %1' - 2>/dev/null >out
[ $(wc -l <out) -lt 20 ] && echo stopped
seq 20 | xapply -f --halt=soon,fail=50% 'echo x; [ %1 != 15 ]' - 2>/dev/null | wc -l
X
run never <<'X'
xapply --halt=never 'echo %1; exit %1' 1 1 0
X
run wrong <<'X'
xapply --halt=later 'echo' a; echo rc=$?; xapply --halt=soon,fail=x 'echo' a; echo rc=$?
X
