# ptbw K2: the default table view; -J times -R integers from 0.
ptbw -m -J2 -R2 ptbw; ptbw -m -J3 ptbw - | tail -3 | tr '\t' ' '
# ptbw K3: a table from a file.
printf '# pool\nred\ngreen\n\nblue\n' >tags
ptbw -m -t tags ptbw
# Nothing said: as many as keep the processors busy.
n=$(ptbw -m ptbw | tail -n +4 | wc -l)
[ $n -ge 2 ] && echo some
