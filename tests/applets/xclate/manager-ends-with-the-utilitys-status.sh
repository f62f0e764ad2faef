# xclate J2: the utility's status is the manager's; killed by a signal: 128+N.
xclate -m sh -c 'exit 17' </dev/null; echo rc=$?
xclate -m sh -c 'kill -9 $$' </dev/null; echo rc=$?
xclate -m sh -c 'kill -TERM $$' </dev/null; echo rc=$?
