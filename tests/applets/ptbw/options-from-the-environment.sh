# ptbw K18: PTBW holds default options, PTBW_1 those of the next level.
printf '# pool\nred\ngreen\n\nblue\n' >tags
PTBW=-q PTBW_1=-A ptbw -m -t tags -J9 ptbw echo got
PTBW=-J2 ptbw -m sh -c 'echo ${PTBW-unset}'
PTBW=word ptbw true 2>&1 | head -n 1
