# --memfree: when free memory falls under half of what is asked for, the
# youngest task is ended, and run again when there is enough.
. "$TESTS/fanout.sh"
unshare -m true 2>/dev/null || skip 'no mount namespaces'
export here=$PWD
free() { printf 'MemTotal: 8388608 kB\nMemFree: %d kB\nMemAvailable: %d kB\n' "$1" "$1" >meminfo; }
free 4194304
cat >task <<'E2'
exec 2>/dev/null
. "$TESTS/lib.sh"
name=$1
echo "$name begins" >>$here/log
trap 'echo "$name is ended" >>$here/log; exit 143' TERM
await 'test -e $here/go'
echo "$name ends" >>$here/log
E2
unshare -m sh -c 'mount --bind meminfo /proc/meminfo &&
  exec xapply -P2 --memfree=1G "sh ./task" old young' & x=$!
await '[ "$(grep -c begins log)" = 2 ]'
free 102400
await 'grep -q "is ended" log'
free 4194304
await '[ "$(grep -c begins log)" = 3 ]'
touch go
wait $x; echo $?
sort log
