# -F: the operand before the items is a file that holds the template; as an
# interpreter, xapply runs what follows its line.
. "$TESTS/fanout.sh"
printf '%s\n' "#!$(command -v xapply) -F" 'echo "<%1>"' \
  'echo again %1' >twice
chmod +x twice
xapply -F twice a b
echo -- executed
./twice a b
echo -- with options
printf '%s\n' '#!/usr/bin/env -S xapply -P -F' 'echo "%1 from %f1"' >lines
chmod +x lines
./lines -fP1 f2
echo -- forms
printf '%s\n' '#!/usr/bin/env -S xapply -F' 'echo %1 %fc "%ct"' >forms
chmod +x forms
./forms x
run none <<'X'
xapply -F nosuch a; [ $? != 0 ] && echo refused
X
run dash <<'X'
echo 'echo' | xapply -F - a; [ $? != 0 ] && echo refused
X
