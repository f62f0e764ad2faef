# ptbw K9: nesting, -depth and borrowing from the outer pool.
printf '# pool\nred\ngreen\n\nblue\n' >tags
ptbw -m -t tags sh -c 'ptbw -m -J2 -t - ptbw -A -R2 echo inner; ptbw -m -J2 ptbw -1 -A echo outer; ptbw -3 echo'; echo rc=$?
# What is borrowed cannot be had from the outer pool meanwhile.
ptbw -m -J3 ptbw -m -J2 -t - sh -c 'ptbw -1 --try -R2 true; echo $?; ptbw -1 -A echo; ptbw'
# A pool by its socket.
ptbw -m -t tags sh -c 'ptbw -m -t $ptbw_1 -J1 -R3 ptbw'
ptbw -m -J2 ptbw -m -R3 -t - true; echo rc=$?
ptbw -m -t - true; echo rc=$?
