# ptbw K1: no enclosing pool.
ptbw; echo rc=$?; ptbw true; echo rc=$?
