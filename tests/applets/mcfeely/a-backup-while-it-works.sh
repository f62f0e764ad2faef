# mcfeely: the store of a server that works is copied; a server on the copy knows
# all jobs that were accepted before, and the first goes on.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 note <<'C'
echo "$1" >>"$MCFEELY_COMM_DIR/../ran"
C
: >accepted
(for i in $(seq 60); do mcfeely-inject -q h1 note $i && echo $i >>accepted; done) &
load=$!
await '[ "$(wc -l <accepted)" -ge 5 ]'
for n in 1 2 3; do
  mkdir copy.$n
  before=$(wc -l <accepted)
  fleetbox-store backup queue copy.$n/store.db || echo "exit $?"
  fleetbox-store check copy.$n || echo "copy $n: exit $?"
  [ "$(fleetbox-store dump copy.$n main/parcel/ | grep -c main/)" -ge "$before" ] ||
    echo "copy $n: jobs are missing"
done
wait $load
await '[ "$(sort -u ran | wc -l)" = 60 ]'
ls -A copy.1
unserve $server
fleetbox-store check queue && echo whole
mv queue former
mv copy.3 queue
start_server
await "[ \"\$(mcfeely-server status -a | grep -c ' done ')\" -ge $before ]"
