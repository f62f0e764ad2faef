# Collated output.
. "$TESTS/fanout.sh"

# xapply I1: -m keeps each task's output together.
run I1 <<'X'
xapply -m -P3 'echo start %1; sleep 0.0%1; echo end %1' 5 5 5 | uniq -c | tr -s ' '
X
# xapply I2: headers and footers through XCLATE_1; the section name is the
# first argument, or the counter when that is empty.
run I2 <<'X'
XCLATE_1='-T "== %x" -H "-- %x %s"' xapply -m 'echo %u' a '' c
X
# xapply I3: -u names sections by the counter.
run I3 <<'X'
XCLATE_1='-T "== %x"' xapply -mu 'echo' a b
X
# xapply I4: the name is cut at 63 bytes.
run I4 <<'X'
XCLATE_1='-T %x' xapply -m '%0:' 0123456789012345678901234567890123456789012345678901234567890123456789 | tail -c 5
X
# xapply I5: -s: silent tasks leave no trace.
run I5 <<'X'
XCLATE_1='-T "== %x" -H --' xapply -ms 'case %1 in b*) echo seen;; esac; true %1' a b c
X
# xapply I6: without -s they do.
run I6 <<'X'
XCLATE_1='-T "== %x"' xapply -m 'true %1' a b
X
# xapply I7: a variable set with -e can be used in the title.
run I7 <<'X'
XCLATE_1='-T "%{WHO}:%"' xapply -m -e WHO='%[1@1]' 'echo %1' ann@h1 bob@h2
X
# xapply I8: standard error is not collated.
run I8 <<'X'
xapply -m 'echo out %1; echo err %1 >&2' a 2>/dev/null; xapply -m 'echo out %1; echo err %1 >&2' a 2>&1 >/dev/null
X
# xapply I9: under -m the -v trace goes to the widow stream (standard error).
run I9 <<'X'
xapply -mv 'echo %1' a 2>/dev/null
X
# xapply I10: -m does not change the exit status.
run I10 <<'X'
xapply -m 'exit 3' a; echo rc=$?; xapply -m -3 'echo' a; echo rc=$?
X
# xapply I11: exit codes of every task, through an explicit wrapper.
run I11 <<'X'
xclate -mr -N '|tr "\000" " " >&2' xapply -mu 'echo out; exit %1' 0 4 200 2>&1 | sort
X
# xapply I12: and of the else command, as 00.
run I12 <<'X'
xclate -mr -N '|tr "\000" " "  >&2' xapply -mu -N 'exit 6' echo 2>&1; echo
X
# xapply I13: a task killed by a signal is reported as 128 and its number.
run I13 <<'X'
xclate -mr -N '|tr "\000" " "  >&2' xapply -mu 'kill -TERM $$' a 2>&1; echo
X
# xapply I14: nested xapply -m use the one outer stream when the outer task
# itself is silent.
run I14 <<'X'
xapply -m -P2 'xapply -m -2 "echo inner" %1 %1 #' 1 2 | sort
X
# xapply I15: they do not deadlock when the outer task has written something:
# the inner output is part of the outer section.
run I15 <<'X'
xapply -m 'echo out; xapply -m "echo inner" %1 #' 1 2; echo rc=$?
X
# xapply I16: the stream belongs to the first section that writes, until it
# ends.
run I16 <<'X'
: >out; xapply -m -P2 'case %1 in 1) echo first 1; ./await "test -e w3"; echo second 1;; 3) ./await "grep -q first out"; echo first 3; touch w3; echo second 3;; esac' 3 1 >out; cat out
X
# xapply I17: no helper programs are needed.
run I17 <<'X'
XA=$(command -v xapply); PATH=/usr/bin:/bin; $XA -m 'echo' a; echo rc=$?; $XA -R1 'echo' a; echo rc=$?
X
# xapply I18: tasks that print only at their end come out in the order they
# end.
run I18 <<'X'
: >out; xapply -m -P3 './await "[ \$(wc -l <out) = %1 ]"; echo done %1' 2 0 1 >out; cat out
X
