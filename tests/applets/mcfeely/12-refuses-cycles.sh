# mcfeely 12: a cycle is printed; nothing is sent (there is no server here).
. "$TESTS/lib.sh"
cat >over-a-group <<'X'
task a h1 true
task b h1 true
group G b
require a G
require b a
X
cat >itself <<'X'
task a h1 true
require a a
X
cat >group-in-itself <<'X'
task a h1 true
group G H
group H G a
require a H
X
for f in over-a-group itself group-in-itself; do
  mcfeely-inject -f $f -S unix:sock
  echo "exit $?"
done
