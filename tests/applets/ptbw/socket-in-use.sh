# ptbw K15: the socket of a living manager stays, a dead one's is replaced.
. "$TESTS/lib.sh"
ptbw -m -J1 -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -m -N $PWD/pool true 2>err; echo rc=$?; sed "s,$PWD,DIR," err
[ -S pool ] && echo there || echo gone
ptbw -t pool -A echo served
kill -9 $m; wait $m 2>/dev/null
[ -S pool ] && echo left behind
ptbw -m -J1 -N $PWD/pool ptbw -A echo served
: >file
ptbw -m -N $PWD/file true 2>/dev/null; echo rc=$?
# A relative name is one in the private folder.
ptbw -m -J1 -N mine sh -c 'echo ${ptbw_1##*/}; ptbw -A echo'
ls -A
