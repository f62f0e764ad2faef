# How many run at once, and the tokens they hold. Tasks wait for each other,
# so that who runs beside whom is certain.
. "$TESTS/fanout.sh"

# xapply H1: -P runs that many at once.
run H1 <<'X'
xapply -P4 'touch up.%u; ./await "test -e up.0 -a -e up.1 -a -e up.2 -a -e up.3" && echo parallel' '' '' '' ''
X
# xapply H2: output order is completion order without -m.
run H2 <<'X'
: >out; xapply -P3 './await "[ \$(wc -l <out) = %1 ]"; echo %1' 2 0 1 >out; cat out
X
# xapply H3: -P0 is the number of processors; a word is refused.
run H3 <<'X'
xapply -P0 'echo %1' a; xapply -Pmany 'echo %1' b
X
# xapply H4: -P never takes the next word.
run H4 <<'X'
xapply -P 3 a 2>err; echo rc=$?; grep -c '3: not found' err
X
# xapply H5: %t numbers the running slots.
run H5 <<'X'
rm -f up.*
xapply -P2 'echo %t1 >>slots; touch up.%u; ./await "test -e up.$((%u ^ 1))"; : %1' a b c d; sort slots | uniq -c | tr -s ' '
X
# xapply H6: without -R the token count is one; -R0 gives none.
run H6 <<'X'
xapply -P2 'echo "<%t*>"' a; xapply -R0 -P2 'echo "<%t*>"' a; xapply -R0 'echo %t1' a; echo rc=$?
X
# xapply H7: -R n groups of tokens from a private pool.
run H7 <<'X'
rm -f up.*
xapply -R3 -P2 'echo %t1,%t2,%t3 %1; touch up.%u; ./await "test -e up.$((%u ^ 1))"' a b | sort
X
# xapply H8: -J starts a pool but tasks stay limited by -P.
run H8 <<'X'
xapply -J4 'echo %t1 %ft' a b
X
# xapply H9: -t file: comments skipped, blank lines are empty tokens, the pool
# limits the tasks.
run H9 <<'X'
rm -f up.*
xapply -t tags -P9 'echo "[%t1] %1"; touch up.%1; ./await "test -e up.a -a -e up.b -a -e up.c -a -e up.d"' a b c d | sort
X
# xapply H10: more tokens per task than the pool holds.
run H10 <<'X'
xapply -t tags -R5 'echo %t*' a; echo rc=$?; xapply -t tags -R6 'echo %t*' a; echo rc=$?
X
# xapply H11: -t of a missing, an empty, a comment-only file.
run H11 <<'X'
for f in nosuch none; do xapply -t $f 'echo' a; echo rc=$?; done; printf '#x\n' > cm; xapply -t cm echo a; echo rc=$?
X
# xapply H12: -t - needs an enclosing pool.
run H12 <<'X'
rm -f up.*
xapply -t - 'echo' a; echo rc=$?; ptbw -m -t tags xapply -t - -P2 'echo %t1 %ft; touch up.%u; ./await "test -e up.$((%u ^ 1))"; : %1' a b | sort
X
# xapply H13: an enclosing pool is not used unless asked for.
run H13 <<'X'
ptbw -m -t tags xapply 'echo %t1' a
X
# xapply H14: -t with a socket.
run H14 <<'X'
ptbw -m -t tags sh -c 'xapply -t $ptbw_1 -R2 "echo %t*" a b'
X
# xapply H15: -g needs a counter service.
run H15 <<'X'
xapply -g 'echo %u' a; echo rc=$?
X
# xapply H16: TERM ends the loop and the tasks.
run H16 <<'X'
rm -f up.*
env MARK="$PWD" xapply -P2 'touch up.%1; sleep 60; echo late %1' a b c d & x=$!
./await 'test -e up.a -a -e up.b'; kill -TERM $x; wait $x 2>/dev/null; echo rc=$?
. "$TESTS/fanout.sh"; marked
X
