# isinit 29: a command that is not there is said to be, is throttled, and leaves
# one server.
. "$TESTS/lib.sh"
echo 'g:a:1:respawn,pause=1000s:/no/such' >tab
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i g 1
await 'i status a | grep -q paused'
i status a | grep -o '/no/such: No such file or directory'
pgrep -fc -- "-d -c $PWD/tab"
i restart a
