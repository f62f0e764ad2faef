# isinit 15, 16: what tests make of a level, and that they are not repeated.
. "$TESTS/lib.sh"
cat >tab <<T
p:p1:1:test:echo x >>$PWD/ran
f:f1:1:test:true
f:f2:1:test:false
f:f3:1:respawn:sleep 1000
m:m1:1:test:true
m:m2:1:respawn:sleep 1000
k:k1:1:test:kill -9 \$\$
:::clstat:$PWD/clstat
T
i() { isinit -n -c "$PWD/tab" -r run "$@"; }
serve isinit -d -c "$PWD/tab" -r run --ready-fd 3
for g in p f m k; do
  i tell --wait=30s $g 1
  echo "code $?"
done
await 'grep -q "k 1 FAILED" clstat'
cat clstat
i status f3 | awk '{ print $1, $3 }' | tail -n 1
i tell --wait=30s p 1
wc -l <ran
echo 'p:p2:1:test:false' >>tab
i tell --wait=30s p 1
echo "code $?"
wc -l <ran
i tell --wait=30s --again p 1
wc -l <ran
