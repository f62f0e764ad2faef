# A watchdog is fed as long as isinit works, and let go of at an orderly end.
. "$TESTS/lib.sh"
mkfifo dog other
exec 4<>dog 5<>other
cat >tab <<T
:::watchdog:$PWD/dog
T
bytes() { timeout 10 head -c "$1" <&"$2" | od -An -tx1; }
serve isinit -c "$PWD/tab" -r run -d --ready-fd 3
echo "at once: $(bytes 1 4)"
echo ":::watchdog:$PWD/other" >tab
isinit -c "$PWD/tab" -r run reread
echo "at another one: $(bytes 1 4) $(bytes 1 5)"
kill -9 "$served"
wait "$served" 2>/dev/null
serve isinit -c "$PWD/tab" -r run -d --ready-fd 3
echo "after a crash: $(bytes 1 5)"
isinit -r run -k >/dev/null
echo "at the end: $(bytes 1 5)"
echo ":::watchdog:$PWD/none" >tab
serve isinit -c "$PWD/tab" -r run -d --ready-fd 3
isinit -r run status | sed "s|$PWD|.|g"
