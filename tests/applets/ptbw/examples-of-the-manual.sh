# ptbw(1), EXAMPLES.
. "$TESTS/lib.sh"
printf 'ttyS0\nttyS1\n' > lines
ptbw -m -t lines sh -c 'for i in 1 2; do ptbw -A echo dial & done; wait' | sort
ptbw -m -J2 -N $PWD/pool : &
await 'test -S pool'
ptbw -t pool sh -c 'echo $ptbw_list'
ptbw -t pool --try -R1..2 -A echo mine:
ptbw -t pool -Q -R0 true
wait
printf 'oak\nelm\n' > hosts
ptbw -m -t hosts --weight=2 sh -c 'for i in 1 2 3 4; do ptbw sh -c "echo \$ptbw_list" & done; wait' | sort | uniq -c
