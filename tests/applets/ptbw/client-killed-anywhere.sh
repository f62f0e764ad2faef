# A client that is killed at any of its system calls leaves its token to others,
# and nothing runs on.
. "$TESTS/lib.sh"
command -v strace >/dev/null || skip 'there is no strace'
# No leaks can be looked for where somebody traces already.
export ASAN_OPTIONS=detect_leaks=0
strace -o trace true 2>/dev/null || skip 'strace may not trace'
ptbw -m -J1 -N $PWD/pool : & m=$!
await 'test -S pool'
strace -f -o trace ptbw -t pool sh -c 'exit 3'; echo whole=$?
pid=$(head -n 1 trace | cut -d ' ' -f 1)
calls=$(sed -n "s/^$pid *\([a-z][a-z0-9_]*\)(.*/\1/p" trace | grep -v -e '^exit' | sort | uniq -c | awk '{print $2 ":" $1}')
killed=0
for call in $calls; do
  n=1
  while [ $n -le ${call#*:} ] && [ $n -le 5 ]; do
    env MARK=$PWD strace -o trace -e inject=${call%:*}:signal=KILL:when=$n \
      ptbw -t pool sh -c 'exit 3' >/dev/null 2>&1
    [ $? = 137 ] && killed=$((killed + 1))
    timeout 20 ptbw -t pool --wait=10s true || echo "not free: ${call%:*} $n"
    n=$((n + 1))
  done
done 2>/dev/null
[ $killed -ge 30 ] && echo "killed at each" || echo "killed only $killed times"
ptbw -t pool --who | tail -n +2
grep -lsz "^MARK=$PWD\$" /proc/[0-9]*/environ
kill $m; wait $m; echo rc=$?
