# --keep-children: tasks stay in xapply's process group, and are left alone when
# it ends.
. "$TESTS/fanout.sh"
group() { awk '{ print $5 }' "/proc/$1/stat"; }
xapply 'awk "{ print \$1 == \$5 }" /proc/self/stat; : %1' a
xapply 'exec awk "{ print \$1 == \$5 }" /proc/self/stat # %1' a
xapply --keep-children 'exec awk "{ print \$1 == \$5 }" /proc/self/stat # %1' a
xapply --keep-children 'touch up.%1; ./await "test -e go"; touch ended.%1' a &
pid=$!
await 'test -e up.a'
kill -TERM $pid
wait $pid 2>/dev/null
echo "$?"
touch go
await 'test -e ended.a' && echo 'it ran on'
