# mcfeely 31: flushes and writes of the server's store, then of the agent's
# journal, fail under load: it is told, what was acknowledged is there, each task
# has run once, and all goes on when the disk does, in this life and the next.
. "$TESTS/mcfeely.sh"
command -v strace >/dev/null || skip 'there is no strace'
strace -e inject=fsync:error=EIO:when=1..2 true 2>/dev/null ||
  skip 'this strace cannot inject so many errors'
fleet h1
comm h1 note <<'X'
echo "$1" >>"$MCFEELY_COMM_DIR/../ran"
X
round=0

# 20 jobs by 4 callers, who try again until they are told that one is queued.
load() {
  for caller in 1 2 3 4; do
    (for i in 1 2 3 4 5; do
      await "mcfeely-inject -q --key $round.$caller.$i h1 note $caller.$i"
    done) &
    callers="$callers $!"
  done
  wait $callers
  await '[ "$(sort -u ran | wc -l)" = 20 ]'
  await "[ \$(mcfeely-server status -a | grep -c ' done ') = $((20 * round)) ]"
}

# fails WHO CALL ERROR: some of these calls fail, of each of its threads.
fails() {
  round=$((round + 1))
  callers=
  : >ran
  inject="strace -D -f -qq -o calls -e trace=$2 -e inject=$2:error=$3:when=5..6"
  if [ $1 = server ]; then
    unserve $server
    serve $inject mcfeely-server -c hub.conf --ready-fd 3
    server=$served
    told=store.trouble
  else
    unserve $agent_h1
    serve $inject mcfeely-agent -H h1 -C comm.h1 -J journal.h1 -i keys/h1 \
      -S unix:sock --ready-fd 3
    agent_h1=$served
    told=journal.trouble
  fi
  log=serve.$serve_n.log
  load
  grep -q INJECTED calls || echo "$2: nothing has failed"
  grep -q "$told" $log || echo "$2: nobody was told"
  crash $server
  start_server
  mcfeely-server status -a >after
  echo "$1, $2 $3: $(($(grep -c ' done ' after) - 20 * (round - 1))) done," \
    "each ran $(sort ran | uniq -c | awk '{ print $1 }' | sort -u)"
  if [ $1 = agent ]; then
    unserve $agent_h1
    start_agent h1
  fi
}

for what in 'fdatasync EIO' 'pwrite64 EIO' 'pwrite64 ENOSPC'; do
  fails server $what
  fails agent $what
done
