# --results: a folder for each task, besides what comes out.
. "$TESTS/fanout.sh"
xapply --results=res 'echo out %1; echo err %1 >&2; exit %1' 0 3 2>err
cat err
ls res res/0
cat res/0/stdout res/1/stdout res/0/stderr res/1/stderr
for i in 0 1; do
  tr -d ' \n' <res/$i/meta.json | grep -o '"status":[0-9]*'
done
tr -d '\n' <res/1/meta.json | grep -o 'echo out 3; echo err 3 >&2; exit 3'
