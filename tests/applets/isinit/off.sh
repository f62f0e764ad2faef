# isinit 14: an entry that is turned off is stopped at rereading, and holds up
# nothing.
. "$TESTS/lib.sh"
echo 'g:a:1:respawn:sleep 1003' >tab
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
await 'pgrep -f "^sleep 1003$"'
printf 'g:a:1:off:sleep 1003\ng:b:1:wait:true\n' >tab
i reread --dry-run
i reread
await '! pgrep -f "^sleep 1003$"'
i wait --timeout 5s g run
i status a | awk 'NR == 3 { print $1, $2, $3 }'
