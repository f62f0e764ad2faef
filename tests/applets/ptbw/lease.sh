# --lease reports who holds tokens for too long, --enforce ends them.
. "$TESTS/lib.sh"
ptbw -m -J3 --lease=30ms -N $PWD/pool : 2>err & m=$!
await 'test -S pool'
ptbw -t pool true
ptbw -t pool -R2 sh -c '. "$TESTS/lib.sh"; await "test -s err"; await "test -e go"' & h=$!
await 'test -s err'
sed "s/\\b$h\\b/HOLDER/" err
: >go; wait $h; echo rc=$?
kill $m; wait $m
ptbw -m -J3 --lease=100ms --enforce ptbw sleep 60 2>err; echo rc=$?
sed 's/process [0-9]*/process N/' err
