# The server's side of the table: the file is followed while :::watch: says so,
# the hook hears what happens, an entry reads what another prints, a stop
# command is run in place of the signal.
. "$TESTS/lib.sh"
write() { cat >tab.new; mv tab.new tab; }
cat >base <<T
:::hook:echo "\$ISINIT_EVENT \$ISINIT_TAG" >>$PWD/hooked
g:reads:1:respawn:while read x; do echo "got \$x" >>$PWD/got; done
g:prints:1:respawn,log=|reads:echo hello; exec sleep 1000
g:asks:1:respawn,stop=echo\ \$ISINIT_PID\ >>$PWD/stopped;\ kill\ \$ISINIT_PID:echo \$\$ >>$PWD/asked; exec sleep 1000
T
{ echo ':::watch:'; cat base; } | write
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
await 'test -s got'
cat got
{ echo ':::watch:'; cat base; echo 'g:new:1:once:touch '"$PWD"'/made'; } | write
await 'test -e made' && echo followed
{ echo ':::watch:no'; cat base; } | write
await '! i status -j | grep -q "\"new\""'
{ cat base; echo 'g:late:1:once:touch '"$PWD"'/late'; } | write
i status -j | grep -c '"late"'
i reread
await 'test -e late' && echo read
i tell --wait=30s g 0
cmp stopped asked && echo 'stopped by its command'
grep -o 'entry.started asks' hooked
i -k
