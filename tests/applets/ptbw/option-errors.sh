# ptbw K19: option errors.
ptbw -J3 true; echo rc=$?; ptbw -m -A true; echo rc=$?; ptbw -m -m; echo rc=$?
ptbw --keep -m true; echo rc=$?
ptbw -m --enforce true; echo rc=$?
ptbw -m --watch true; echo rc=$?
ptbw --try --wait=1 true; echo rc=$?
ptbw --who true; echo rc=$?
ptbw -1 -2 true; echo rc=$?
for o in '-R x' '-R 3..2' '-R -1' '-R 2.3' '-Z' '-m -J x' '-m --weight=0' '-m --lease=0' '--wait=-1'; do
  ptbw $o true 2>&1 | head -n 1
done
ptbw -Z 2>/dev/null; echo rc=$?
ptbw -R 2>/dev/null; echo rc=$?
