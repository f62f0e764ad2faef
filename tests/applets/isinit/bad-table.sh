# isinit 30, 31, 32: a faulty table changes nothing and is told of with its
# line; one that is gone likewise; every change is seen.
. "$TESTS/lib.sh"
good() { echo "g:a:1:respawn:exec sleep 1000"; }
good >tab
i() { isinit -n -c "$PWD/tab" -r run "$@" 2>&1 | sed "s|$PWD/||g"; }
pid() { i status --json a | sed -n 's/ *"pid": //p' | tail -n 1; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
before=$(pid)
{ good; echo 'h:a:1:once:true'; } >tab
i reread
{ good; echo 'h:b:1:twice:true'; } >tab
i reread
{ good; echo 'h:b'; } >tab
i reread
head -c 300 /dev/urandom | tr '\n' x >tab
# Random bytes may have two things wrong with them.
i reread | sed 's/.*line 1: .*/line 1: junk/' | sort -u
{ head -c 10485760 /dev/zero | tr '\0' x; echo; good; } >tab
i reread
mv tab gone
i reread
i tell --wait=30s g 1
i status | grep 'table: error'
{ good; echo 'g:b:1:respawn:exec sleep 1000'; } >tab
i reread
i wait --timeout 5s g run
i reread
good >tab
i reread
test "$before" = "$(pid)" && echo the same process
