# isinit 1: a wait entry runs once while its level stays, and again when the
# level was left.
. "$TESTS/lib.sh"
echo 'g:a:1:wait:echo x >>out' >tab
echo 'g:b:2:wait:true' >>tab
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
t() { isinit -n -c "$PWD/tab" -r run tell --wait=30s "$@"; }
export OUT="$PWD/out"
sed -i "s|>>out|>>$PWD/out|" tab
isinit -n -c "$PWD/tab" -r run reread >reread.txt
t g 1
t g 1
wc -l <out
t g 2
t g 1
wc -l <out
