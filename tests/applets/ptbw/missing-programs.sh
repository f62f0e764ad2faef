# ptbw K16: a missing program.
ptbw -m nosuchprog; echo rc=$?; ptbw -m ptbw nosuchprog; echo rc=$?
: >plain
ptbw -m ./plain; echo rc=$?
ls -A
