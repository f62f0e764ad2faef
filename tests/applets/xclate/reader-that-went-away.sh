# xclate J10: output that nobody reads is lost, which is said; nothing hangs.
{ timeout 20 xclate -m sh -c 'seq 100000 | xclate a; seq 100000 | xclate b; xclate c seq 100000' </dev/null 2>err
  echo rc=$? >>err; } | :
cat err
# A reader that has had enough of what there is, is no failure.
{ xclate -m sh -c 'echo all | xclate a' </dev/null; echo rc=$? >&2; } | cat
# Those who wait are not kept waiting.
{ timeout 20 xclate -m sh -c 'for i in 1 2 3 4 5 6 7 8; do seq 50000 | xclate $i & done; wait' </dev/null 2>err
  echo rc=$? >>err; } | :
sed "s/'.'/N/" err
