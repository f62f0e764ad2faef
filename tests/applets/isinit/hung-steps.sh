# isinit 43: what runs before everything else and does not end keeps nobody from
# ending; nor does what runs last.
. "$TESTS/lib.sh"
unshare -Urpf --mount-proc true 2>/dev/null || skip 'no namespaces here'
cat >tab <<T
g:first::sysinit:echo x >$PWD/up; exec sleep 1010
g:second::bootwait:echo second >>$PWD/steps
g:a:1:respawn:echo a >>$PWD/steps; sleep 1010
g:one::shutdown:echo one >>$PWD/steps; exec sleep 1010
g:two::shutdown:echo two >>$PWD/steps
:::boot:g 1
:::mounts:none
:::halt-timeout:1s
T
mkdir run
unshare -Urpf --mount-proc isinit -c "$PWD/tab" -r run >log 2>&1 &
pid=$!
await 'test -s up'
kill -TERM "$(pgrep -P $pid)"
wait $pid
echo "code $?"
cat steps
grep -o 'step.forced\|step.ended .*' log
