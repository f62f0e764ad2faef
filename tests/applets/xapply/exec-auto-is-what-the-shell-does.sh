# --exec=auto: the shell is left out where it would only run a program, and
# nothing else changes.
. "$TESTS/fanout.sh"
mkdir bin
cat >sh <<'X'
#!/bin/sh
echo "$2" >>shelled
exec /bin/sh "$@"
X
chmod +x sh
export SHELL="$PWD/sh"
shelled() { cat shelled 2>/dev/null; rm -f shelled; }
xapply '/bin/echo "a  b" c\ d '"'e f'"' %1' x
xapply 'exec /bin/echo %1' exec
shelled
xapply --json ': %1' 'is nothing' | sed 's/"wall.*//'
shelled
xapply ': %1' "\$(echo expanded >&2)"
xapply --exec=shell ': %1' forced
xapply --exit=first 'exec : %1' a 2>err; echo "$?"
shelled
echo -- shell
xapply 'echo %1' builtin
xapply '/bin/echo $((1 + 1)); : %1' a
xapply '/bin/echo %1' 'a;echo b'
xapply 'A=b /bin/echo %1' assigned
xapply --exec=shell '/bin/echo %1' forced
shelled
echo -- script without a line that names its interpreter
echo 'echo "script $1"' >bin/plain; chmod +x bin/plain
PATH="$PWD/bin:$PATH" xapply 'plain %1' x
shelled >/dev/null
echo -- the variables of -e come first
printf '#!/bin/sh\necho "mine $1"\n' >bin/hello; chmod +x bin/hello
xapply -e PATH="$PWD/bin:$PATH" 'hello' x
shelled >/dev/null
echo -- none, and not to be executed
xapply --exit=first 'nosuchprogram' a 2>err; echo "$?"
grep -o 'nosuchprogram: not found' err
xapply --exit=first ./f3 a 2>err; echo "$?"
xapply --exit=first / a 2>err; echo "$?"
