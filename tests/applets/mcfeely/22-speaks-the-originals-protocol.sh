# mcfeely 22: an old caller gives mcfeely-queue its three streams: the right
# graph; cut anywhere, an index out of range, an unknown host: 1 and no job;
# 200 waiters: the right graph.
. "$TESTS/mcfeely.sh"
fleet h1 h2
for comm in mk hup tell; do
  comm h1 $comm <<'X'
{ printf '%s:' "$MCFEELY_TASK"; printf ' [%s]' "$@"; echo; } \
  >>"$MCFEELY_COMM_DIR/../ran"
X
  cp comm.h1/$comm comm.h2
done

# task HOST COMM ARG... : a task as its bytes behind their count.
task() {
  perl -e '$t = join("", map { "$_\0" } @ARGV); print pack("L", length $t), $t' \
    -- "$@"
}
queue() {
  mcfeely-queue <"$1" 1<"$2" 2<"$3"
}

{ task h1 mk x 'y z' ''; task h2 hup; task h1 tell; } >tasks
printf '\0\2\1\2\1\1\2\2\0' >waiters
printf 'new domain\0ops@example.com root\0sales@example.com\0' >texts
queue tasks waiters texts
echo "exit $?"
ended 1
cat ran
mcfeely-server status --classic 1 | sed 's/^#1 .*/#1 TIME/'

echo "--- cut"
for stream in tasks waiters texts; do
  size=$(wc -c <$stream)
  n=0
  while [ $n -lt "$size" ]; do
    head -c $n $stream >cut
    case $stream in
      tasks) queue cut waiters texts ;;
      waiters) queue tasks cut texts ;;
      texts) queue tasks waiters cut ;;
    esac
    echo "exit $?"
    n=$((n + 1))
  done
done | sort | uniq -c | sed 's/^ *//'

echo "--- an index out of range"
printf '\0\2\1\3\1\1\2\2\0' >bad
queue tasks bad texts
echo "exit $?"
echo "--- a host nobody knows, with the reason kept"
task nowhere mk >unknown
printf '\0\0' >none
MCFEELY_QUEUE="--log why" mcfeely-queue <unknown 1<none 2<texts
echo "exit $?"
sed 's/^[^ ]* //' why
echo "--- no server"
MCFEELY_SERVER=unix:nowhere queue tasks waiters texts
echo "exit $?"
mcfeely-server status -a -j | grep -c '"job":'

echo "--- 200 waiters"
rm ran
perl -e 'for (1 .. 202) { $t = "h1\0mk\0" . ($_ - 1) . "\0";
  print pack("L", length $t), $t }' >many
perl -e 'print pack("C*", 0, 200, 1 .. 200);
  print pack("C*", 1, 1, 201) for 1 .. 200; print pack("C*", 200, 0)' >wide
queue many wide texts
echo "exit $?"
ended 2
wc -l <ran
head -n 1 ran
tail -n 1 ran
