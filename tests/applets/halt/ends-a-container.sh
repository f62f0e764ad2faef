# In a container the container ends: reboot(2) tells whoever waits for it, by
# the signal HUP for another start, by INT for the end.
. "$TESTS/lib.sh"
unshare -Urpf --mount-proc true 2>/dev/null || skip 'no namespaces here'
cat >tab <<T
g:a:1:respawn:trap 'echo a >>$PWD/stopped; exit 0' TERM; echo x >$PWD/up; while :; do sleep 0.05; done
g:last::shutdown:echo last >>$PWD/stopped
:::boot:g 1
:::mounts:none
T
mkdir run
for name in halt poweroff reboot 'halt -r'; do
  rm -f up stopped
  # A shell, which does not die of its child's signal.
  sh -c "unshare -Urpf --mount-proc isinit -c '$PWD/tab' -r run >log 2>&1; exit \$?" \
    >/dev/null 2>&1 &
  pid=$!
  await 'test -s up'
  fleetbox $name -s run/init.s || echo "code $?"
  wait $pid
  echo "$name: code $?," $(cat stopped)
done
