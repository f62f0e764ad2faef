# xclate J19: -i replaces the utility's input, -I reaches the original.
printf 'one\ntwo\n' >f2
echo orig | xclate -m -i '<f2' sh -c 'read a; echo $a; xclate -I k sh -c "read b; echo got \$b"' 2>err
cat err
echo x | xclate -m -i '|echo piped' sh -c 'read a; echo $a' 2>&1
xclate -m -i - sh -c 'read a; echo rc=$?' <f2 2>&1
xclate -m -i f2 sh -c 'read a; echo $a' 2>&1
xclate -m -i '<>f2' sh -c 'read a; echo $a; echo THREE >&0' 2>&1; cat f2
xclate -m -i '<&5' sh -c 'read a; echo $a' 5<f2 2>&1
xclate -m -i '<&-' sh -c 'read a; echo rc=$?' 2>&1
xclate -m -i '<<E' true; echo rc=$?
xclate -m -i none true; echo rc=$?
