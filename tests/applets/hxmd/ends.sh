# How a run ends, and what is left of it.
. "$TESTS/fleet.sh"

run 'all failed' <<'X'
hxmd -P1 -C fleet.cf 'exit 3'
X
run 'some were killed' <<'X'
hxmd -P1 -C fleet.cf 'test SHORT = beta && kill -TERM $$; exit 0'
X
run 'compatible: nobody asks' <<'X'
hxmd -P1 -C fleet.cf --exit=compat 'exit 3'
echo $?
HXMD_EXIT=compat hxmd -P1 -C fleet.cf 'exit 3'
echo $?
HXMD_EXIT=compat hxmd -P1 -C fleet.cf --exit=fleet 'exit 3'
echo $?
hxmd -C fleet.cf --exit=never :
X
run 'nobody is elected' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=zeta 'echo HOST'
echo $?
hxmd -P1 -C fleet.cf -E SHORT=zeta -N 'echo "[%0]"' 'echo HOST'
echo $?
hxmd -P1 -C fleet.cf -E SHORT=zeta -n -N 'echo nobody' 'echo HOST'
hxmd -P1 -C fleet.cf -E SHORT=zeta --strict 'echo HOST'
X
run 'the list, by default and with wards' <<'X'
PAGER=cat hxmd -P1 -C fleet.cf -Q 'define(`HOST2'"'"',`<$1>'"'"')dnl' \
  'test SHORT != beta'
hxmd -P1 -C fleet.cf -Q 'define(`AT'"'"',`<$1>'"'"')dnl' -r 'AT(SHORT)' \
  -r 'HXMD_STATUS HXMD_B HXMD_1 HXMD_C HXMD_PHASE' -K 'echo HXMD_PHASE; cat HXMD_0' : data.txt
X
run 'the command that closes decides' <<'X'
hxmd -P1 -C fleet.cf -K 'exit 7' :
X
run 'the command that closes cannot be made' <<'X'
hxmd -P1 -C fleet.cf -K 'include(nowhere)' :
hxmd -P1 -C fleet.cf -r 'm4exit(3)' -K 'cat HXMD_0' : | wc -l
X
run 'a listing closes nothing' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta -n -K 'cat HXMD_0' 'echo SHORT'
X

mkdir tmp
export TMPDIR="$PWD/tmp"
left() { ls -A tmp | wc -l; }
echo "--- nothing is left behind"
hxmd -P2 -C fleet.cf -o SHORT -K 'cat HXMD_0 >/dev/null' 'cat %1 >/dev/null; exit 1' data.txt
left
hxmd -P2 -C fleet.cf 'm4exit(1)' data.txt 2>/dev/null
left
hxmd -P2 -C - -Y 'm4exit(1)' 'cat %1' data.txt <fleet.cf 2>/dev/null
left

echo "--- a signal: who was not started has 3000"
hxmd -P1 -C fleet.cf -r 'SHORT HXMD_STATUS' -K 'cat HXMD_0 >statuses' \
  'test -e seen || { : >seen %1; exit 0; }; : >runs; exec sleep 30' data.txt 2>err &
pid=$!
await 'test -e runs'
kill -TERM $pid
wait $pid
echo "$?, left: $(left)"
cat statuses
rm runs seen

echo "--- a signal while a text is expanded"
hxmd -P1 -C fleet.cf 'esyscmd(: >expands; exec sleep 30)echo HOST' 2>err &
pid=$!
await 'test -e expands'
kill -TERM $pid
wait $pid
echo "$?, left: $(left)"
cat err
rm expands

echo "--- a signal while the closing command runs"
hxmd -P1 -C fleet.cf -K ': >closes; exec sleep 30' : 2>err &
pid=$!
await 'test -e closes'
kill -TERM $pid
wait $pid
echo "$?, left: $(left)"

echo "--- USR1: no more are started"
hxmd -P1 -C fleet.cf ': >runs; until test -e go; do sleep 0.02; done' 2>err &
pid=$!
await 'test -e runs'
kill -USR1 $pid
await 'grep -q caught err'
: >go
wait $pid
echo "$?, left: $(left)"
cat err

echo "--- the reader goes away"
hxmd -P1 -C fleet.cf 'yes SHORT' 2>err | head -n 1
cat err
left
