# mcfeely 25: the agent is killed in the midst of each flush of its journal, one
# life after the other. A task that must not be repeated never runs twice: it is
# done, or held for a person; one that may be ends in any case.
. "$TESTS/mcfeely.sh"
command -v strace >/dev/null || skip 'there is no strace'
fleet h1
unserve $agent_h1
comm h1 note <<'X'
echo "$1" >>"$MCFEELY_COMM_DIR/../ran"
X
killed=0
for n in 1 2 3 4 5 6; do
  # Of each of its threads: one flushes the journal.
  strace -f -qq -o /dev/null -e trace=fsync,fdatasync \
    -e inject=fsync,fdatasync:signal=KILL:when=$n \
    mcfeely-agent -H h1 -C comm.h1 -J journal.h1 -i keys/h1 -S unix:sock \
    2>/dev/null & strace=$!
  for job in 1 2; do
    mcfeely-inject -q -e "task once h1 note once$n.$job : safe-to-repeat=no" \
      -e "task safe h1 note safe$n.$job : step=1"
  done
  last=$((2 * n))
  both='once (done|held)|safe done'
  over="[ \$(states $((last - 1)) | grep -cE '$both') = 2 ] &&
    [ \$(states $last | grep -cE '$both') = 2 ]"
  await "! kill -0 $strace || { $over; }"
  if kill -0 $strace 2>/dev/null; then
    pkill -KILL -P $strace
  else
    killed=$((killed + 1))
  fi
  wait $strace 2>/dev/null
  start_agent h1
  await "$over"
  unserve $agent_h1
done
[ $killed -ge 4 ] && echo "killed often enough" || echo "killed $killed times"
echo "ran twice though they must not: $(grep once ran | sort | uniq -d | wc -l)"
echo "ran of those that may be repeated: $(grep safe ran | sort -u | wc -l)"
