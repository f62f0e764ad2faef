# What the reader has not taken when the last task ends is kept for it, and the
# run ends when it has been taken.
. "$TESTS/fanout.sh"
slow() { await 'test -e done'; rm done; cksum; cat code; }
bounded() { timeout 5 "$@"; echo "exit $?" >code; }
seq 30000 | cksum
for mode in -m --keep-order --collate=done --collate=line \
  '--collate=off --stderr=merge' '--collate=off --results=res'; do
  bounded xapply $mode 'seq 30000; touch done; : %1' a | slow
done
{ bounded xapply -m --stderr=collate 'seq 30000 >&2; touch done; : %1' a \
  2>&3 | cat >&2; } 3>&1 | slow
seq 30000 | sed 's/^/x/' | cksum
bounded xapply --tag=x 'seq 30000; touch done; : %1' a | slow
