# ptbw K10: the environment stack and -d.
ptbw -m sh -c 'env | grep ^ptbw | sed "s,=.*/,=DIR/," | sort; ptbw -m sh -c "echo \$ptbw_link"'
ptbw -m -d sh -c 'env | grep ^ptbw | sed "s,=.*/,=DIR/,"; ptbw -t $ptbw_d -A echo'
ptbw -m -d sh -c 'ptbw_link=d ptbw -A echo'
ls -A
