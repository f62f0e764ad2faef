# --load, --memfree, --pressure, --noswap and --delay are conditions for
# starting a task.
. "$TESTS/fanout.sh"
xapply --load=100000 --memfree=1k --noswap 'echo' fine
xapply --load=10000% 'echo' 'fine, in percent'
if [ -r /proc/pressure/memory ]; then
  xapply --pressure=memory:100% --pressure=cpu:100% 'echo' 'no pressure'
else
  echo 'no pressure'
fi
# One that is never met: nothing starts, and it ends when told to.
timeout 1 xapply --memfree=900T 'echo never %1' a 2>/dev/null
echo "$?"
begin=$(date +%s%N)
xapply -P3 --delay=150ms 'echo' 1 2 3 | sort
[ $((($(date +%s%N) - begin) / 1000000)) -ge 300 ] && echo later
for bad in --load=x --memfree=x --pressure=disk:5% --pressure=cpu --delay=x; do
  xapply $bad 'echo' a 2>/dev/null
  echo "$bad $?"
done
