# --jobserver-export: what runs inside tasks shares the slots. Two outer tasks
# and a pool of three: there are never more than three at once.
. "$TESTS/fanout.sh"
cat >task <<'X'
mkdir "at.$$"
ls -d at.* 2>/dev/null | wc -l >>seen
./await "[ \$(ls -d at.* 2>/dev/null | wc -l) -ge 3 ] || [ -e met ]" && touch met
rmdir "at.$$"
X
xapply -P3 --jobserver-export 'echo "$MAKEFLAGS" >flags
  xapply --jobserver=require -P9 "sh task; : %%1" 1 2 3 4 5 6; : %1' a b
echo "$? $(sort -n seen | tail -n 1) at once"
# A FIFO, or descriptors where the make that is installed knows no other.
grep -cE 'jobserver-auth=(fifo:|[0-9]+,[0-9]+)' flags
