# mcfeely 32: a write-ahead log cut at any byte: it starts, with every job that
# was acknowledged before; a byte of the store flipped: it refuses with a hint at
# check --repair, which brings everything back, or says what is lost.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 ok <<'X'
exit 0
X
i=1
while [ $i -le 8 ]; do
  mcfeely-inject -q -d "job $i $(head -c 3000 /dev/zero | tr '\0' x)" \
    --allow-unknown-host away mk $i
  i=$((i + 1))
done
mcfeely-inject -wq h1 ok 2>/dev/null
crash $server
unserve $agent_h1
cp -r queue whole

# A server on a copy; says how many jobs it has, or why it does not start.
try() {
  rm -f sock
  mcfeely-server -c hub.conf -q "$1" --ready-fd 3 3>ready 2>try.log &
  try_pid=$!
  await "[ -s ready ] || ! kill -0 $try_pid"
  if [ -s ready ]; then
    mcfeely-server status -a | grep -c ' open \| done '
    unserve $try_pid
  else
    wait $try_pid
    echo "exit $?"
    tail -n 1 try.log
  fi
  : >ready
}

echo "--- the log cut"
size=$(stat -c %s whole/store.db-wal)
[ "$size" -gt 10000 ] && echo "there is a log"
for part in 0 1 31 32 33 4128 5000 $((size / 3)) $((size / 2)) $((size - 4121)) \
  $((size - 4120)) $((size - 1)); do
  rm -rf cut
  cp -r whole cut
  truncate -s $part cut/store.db-wal
  try cut >got
  # What is there is a beginning of what was acknowledged, the longer the more;
  # the last commit is about a result, and takes no job away.
  [ "$(cat got)" -ge "${before:-0}" ] || echo "cut at $part: $(cat got)"
  before=$(cat got)
done
echo "$before jobs of 9"
try whole

echo "--- a byte flipped in each page"
size=$(stat -c %s whole/store.db)
pages=$((size / 4096))
n=0
while [ $n -lt $pages ]; do
  rm -rf flip
  cp -r whole flip
  at=$((n * 4096 + 2000))
  byte=$(od -An -tu1 -j$at -N1 flip/store.db | tr -d ' ')
  printf "\\$(printf %o $(((byte + 1) % 256)))" |
    dd of=flip/store.db bs=1 seek=$at conv=notrunc 2>/dev/null
  if mcfeely-server check -q flip >found; then
    echo "not noticed"
  elif mcfeely-server check --repair -q flip >mended 2>&1; then
    if grep -q 'LOST\|missing' mended; then echo "loses and says so"; else
      tail -n 1 mended
      try flip
    fi
    [ -e flip/store.db.damaged ] || echo "the old one is gone"
    mcfeely-server check -q flip >found || cat found
  else
    echo "cannot be mended: page $n $(sed "s,.*: ,," mended)"
  fi
  n=$((n + 1 + pages / 12))
done | sort -u

echo "--- every page but the first"
rm -rf flip
cp -r whole flip
n=1
while [ $n -lt $pages ]; do
  printf '\125\252' | dd of=flip/store.db bs=1 seek=$((n * 4096 + 2000)) \
    conv=notrunc 2>/dev/null
  n=$((n + 1))
done
since=$(date +%s)
mcfeely-server check --repair -q flip >mended
echo "exit $?"
sed 's/is job [0-9]*/is job N/' mended
[ "$(sed -n 's/.*is job //p' mended)" -gt $since ] && echo 'a number that none had'
try flip
echo "--- refused"
rm -rf flip
cp -r whole flip
printf x | dd of=flip/store.db bs=1 seek=100 conv=notrunc 2>/dev/null
try flip

echo "--- in use"
start_server
mcfeely-server check --repair -q queue 2>&1 | sed 's/process [0-9]*/process PID/'
