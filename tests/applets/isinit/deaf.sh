# isinit 24: what does not hear SIGTERM is killed after stop-timeout; others are
# told things meanwhile.
. "$TESTS/lib.sh"
cat >tab <<T
g:deaf:1:respawn,stop-timeout=1s:trap '' TERM; echo x >$PWD/on; while :; do sleep 1000; done
h:b:1:respawn:sleep 1000
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
await 'test -s on'
i g 0
i status deaf | grep -o 'stopping'
i tell --wait=30s h 1
i tell --wait=30s g 0
i status --json deaf | grep exit_signal
