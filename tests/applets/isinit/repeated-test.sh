# A test with every= is repeated as long as its level lasts.
. "$TESTS/lib.sh"
cat >tab <<T
g:t:1:test,every=50ms,fails=1,on-unhealthy=notify:echo x >>$PWD/ran; test ! -e $PWD/ill
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
i tell --wait=30s g 1
await 'test $(wc -l <ran) -ge 3' && echo repeated
touch ill
await 'grep -q "entry.unhealthy tag=t" serve.1.log' && echo noticed
rm ill
await 'grep -q "entry.healthy tag=t" serve.1.log' && echo well
kill -9 $served
await '! kill -0 $served'
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
n=$(wc -l <ran)
await 'test $(wc -l <ran) -ge $((n + 2))' && echo 'repeated by the next server'
i tell --wait=30s g 0
n=$(wc -l <ran)
i tell --wait=30s g 2
i status >/dev/null
test $(wc -l <ran) -le $((n + 1)) && echo over
i -k
