# ptbw K6: allocation goes round the table.
ptbw -m -J3 sh -c 'for i in 1 2 3 4; do ptbw -A echo; done; ptbw -A -R2 echo; ptbw -A -R2 echo'
