# isinit 3: entries start in the order of the table.
. "$TESTS/lib.sh"
n=0
while [ $n -lt 20 ]; do
  n=$((n + 1))
  rm -rf run out
  for tag in one two three four; do
    echo "g:$tag:1:wait:echo $tag >>$PWD/out"
  done >tab
  serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
  isinit -n -c "$PWD/tab" -r run tell --wait=50s g 1 >/dev/null || exit
  isinit -c "$PWD/tab" -r run -k
  [ "$(tr '\n' ' ' <out)" = "one two three four " ] || cat out
done
echo "$n times"
