# mcfeely: while the server's disk takes its time over an attempt, the agent has
# it in its journal already, and does not run it. A server that is killed then
# knows of no attempt: what has come ahead is dropped, and the next life's runs.
. "$TESTS/mcfeely.sh"
command -v strace >/dev/null || skip 'there is no strace'
fleet h1
comm h1 note <<'C'
echo "$1" >>"$MCFEELY_COMM_DIR/../ran"
C
journal() { cksum <journal.h1/store.db-wal; }

# One flush for the job, one for its attempt.
for end in kill go-on; do
  : >ran
  before=$(journal)
  strace -f -qq -o calls.$end -p $server -e trace=fdatasync \
    -e inject=fdatasync:delay_enter=1500000:when=1..2 2>/dev/null & strace=$!
  await "grep -q TracerPid:.[1-9] /proc/$server/task/*/status"
  mcfeely-inject -q h1 note $end
  await '[ "$(journal)" != "$before" ]'
  echo "$end: in the journal, run $(wc -l <ran) times"
  if [ $end = kill ]; then
    sleep 0.3
    crash $server
    echo "$end: run $(wc -l <ran) times"
    start_server
  fi
  await '[ -s ran ]'
  await 'mcfeely-server status -a | grep -q " done "'
  echo "$end: run $(wc -l <ran) times"
  kill $strace 2>/dev/null
  wait $strace 2>/dev/null
done
states 1
states 2
! grep comm.interrupted serve.*.log
