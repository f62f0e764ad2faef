# The manager ends after the utility and the last client.
. "$TESTS/lib.sh"
mkfifo go
cat >utility <<'S'
. "$TESTS/lib.sh"
ptbw sh -c ': >held; read x <go; echo client' &
await 'test -e held'
echo utility
exit 4
S
ptbw -m -J1 sh utility & m=$!
await 'test -z "$(cat /proc/'$m'/task/'$m'/children)" -a -e held'
kill -0 $m && echo there
echo x >go
wait $m; echo rc=$?
ls -A
