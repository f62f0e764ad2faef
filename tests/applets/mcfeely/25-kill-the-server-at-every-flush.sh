# mcfeely 25: the server is killed in the midst of each flush of its store, one
# life after the other. Who injects tries again with the same key: each job is
# there once, and each of its tasks has run once.
. "$TESTS/mcfeely.sh"
command -v strace >/dev/null || skip 'there is no strace'
fleet h1
comm h1 note <<'X'
echo "$1" >>"$MCFEELY_COMM_DIR/../ran"
X
unserve $server
killed=0
for n in 1 2 3 4; do
  # Of each of its threads: one flushes the store.
  strace -f -qq -o /dev/null -e trace=fsync,fdatasync \
    -e inject=fsync,fdatasync:signal=KILL:when=$n \
    mcfeely-server -c hub.conf 2>/dev/null & strace=$!
  inject="mcfeely-inject -q --key key$n -e 'task a h1 note a$n' \
    -e 'task b h1 note b$n' -e 'require b a' -e 'success ops'"
  over="states $n | grep -q '^b done'"
  await "! kill -0 $strace || { $inject && $over; }"
  if kill -0 $strace 2>/dev/null; then
    pkill -KILL -P $strace
  else
    killed=$((killed + 1))
  fi
  wait $strace 2>/dev/null
  start_server
  # Anew: it waits ever longer between its calls.
  unserve $agent_h1
  start_agent h1
  await "$inject && $over"
  await "grep -q 'Subject: job $n success' mail/*"
  unserve $server
done
[ $killed -ge 3 ] && echo "killed often enough" || echo "killed $killed times"
sort ran | uniq -c | awk '{ n[$1]++ } END { for (i in n) print n[i], "ran", i }'
# A letter may have gone out before its server was killed; its name says that it
# is the same.
grep -h '^Subject' mail/* | sort -u | wc -l
grep -h '^Message-I' mail/* | sort -u | wc -l
