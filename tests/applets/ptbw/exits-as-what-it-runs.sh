# ptbw K4: the manager's status is the utility's; a client's is its command's.
ptbw -m sh -c 'exit 21'; echo rc=$?
ptbw -m -J1 ptbw sh -c 'exit 22'; echo rc=$?
ptbw -m -J1 ptbw sh -c 'kill -9 $$'; echo rc=$?
ptbw -m sh -c 'kill -9 $$'; echo rc=$?
ls -A
