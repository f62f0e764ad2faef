# Items from files and from standard input; the standard input of tasks.
. "$TESTS/fanout.sh"

# xapply E1: -f reads one task per line; a last line without newline counts.
run E1 <<'X'
xapply -fn '[%1]' nonl f2
X
# xapply E2: two files in step, the shorter one padded.
run E2 <<'X'
xapply -f -2 -n '%1/%2' f3 f2; xapply -f -2 -p - -n '%1/%2' f3 f2; xapply -f -2 -p - -n '%1/%2' none f2
X
# xapply E3: the standard input shared by several dashes is dealt round.
run E3 <<'X'
printf '1\n2\n3\n4\n5\n' | xapply -f -3 -n '%1+%2+%3' - - -
X
# xapply E4: one dash and one file.
run E4 <<'X'
printf '1\n2\n3\n' | xapply -f -2 -n '%1=%2' - f2
X
# xapply E5: several groups of files are read one after another; %u goes on.
run E5 <<'X'
xapply -f -2 -n '%u %f1 %f2 %1 %2' f2 f3 f3 f2
X
# xapply E6: empty lines are items; CR is data; no quoting of any kind.
run E6 <<'X'
printf 'a b\n\n"q\nx\r\n' | xapply -fn '[%1]' - | od -An -c | head -3
X
# xapply E7: -z splits on NUL and keeps newlines.
run E7 <<'X'
xapply -fz -n '[%1]' z3
X
# xapply E8: without -z a NUL spoils its item, which is refused; the others
# are not.
run E8 <<'X'
printf 'ab\0cd\nef\n' | xapply -fn '[%1]' -
X
# xapply E9: tasks read /dev/null when items come from standard input.
run E9 <<'X'
printf 'a\nb\n' | xapply -f 'read L; echo %1:$?:$L' -
X
# xapply E10: -i opens one shared input for all tasks.
run E10 <<'X'
printf 'a\nb\n' | xapply -f -i f3 'read L; echo %1:$L' -; xapply -i f2 'read L; echo %1:$L:$?' x y z
X
# xapply E11: without -f the tasks share the caller's standard input.
run E11 <<'X'
printf 'in1\nin2\n' | xapply 'read L; echo %1:$L' a b
X
# xapply E12: -i of a missing file.
run E12 <<'X'
xapply -i nosuch 'echo' a; echo rc=$?
X
# xapply E13: a missing item file: nothing runs at all.
run E13 <<'X'
xapply -f 'echo ran' f2 nosuch; echo rc=$?
X
# xapply E14: the file count must be a multiple of the count.
run E14 <<'X'
xapply -f -2 'echo' f2; echo rc=$?
X
# xapply E15: the order of -p, -z and -f does not matter. (With -z all of f2
# is one item, and its second line is no command.)
run E15 <<'X'
xapply -p x -f echo f2; echo rc=$?; xapply -z -f echo f2 2>/dev/null; echo rc=$?; xapply -f -f echo f2; echo rc=$?
X
# xapply E16: tasks start while the input is still coming.
run E16 <<'X'
( echo a; ./await "test -e ran.a" && echo streamed >&2; echo b ) | xapply -f 'touch ran.%1; echo %1' -
X
# xapply E17: %f forms: the mixer goes outside the f.
run E17 <<'X'
xapply -fn -2 '%0%f1 %f{2} %f[1v2] %f* %(f2,1-2) %q(f[2v1],1)' f2 svc; xapply -fn '%f(1,1)' f2; echo rc=$?
X
# xapply E18: %f with fixed arguments.
run E18 <<'X'
xapply -n '%f1' a; echo rc=$?
X
# xapply E19: a line may be of any length; a command longer than the kernel
# takes is reported.
run E19 <<'X'
head -c 200000 /dev/zero | tr '\0' x >long; xapply -f -n 'echo %1' long | wc -c; xapply -f 'echo %1 | wc -c' long; echo rc=$?
X
