# ptbw K8: short, empty and missing token files.
printf '# pool\nred\ngreen\n\nblue\n' >tags
: >none
printf '#x\n' >cm
ptbw -m -t tags -J9 true; echo rc=$?
ptbw -m -q -t tags -J9 true; echo rc=$?
ptbw -m -t tags -R7 true; echo rc=$?
ptbw -m -t none true; echo rc=$?
ptbw -m -t nosuch true; echo rc=$?
ptbw -m -t cm true; echo rc=$?
ptbw -m -t . true; echo rc=$?
printf 'a\nno end' | ptbw -m -t /dev/stdin ptbw -R2 -A echo
ls -A
