# --weight: each token may be held so often at once.
printf 'red\nblue\n' >tags
ptbw -m --weight=2 -t tags sh -c 'ptbw -A -R4 echo; ptbw -A -R2 echo; ptbw | tail -n +4 | cut -f 3 | tr "\n" " "'; echo
ptbw -m --weight=3 -J1 ptbw -R3 -A echo
ptbw -m --weight=2 -t tags -R5 true; echo rc=$?
ptbw -m --weight=1000 -J 9999 true; echo rc=$?
