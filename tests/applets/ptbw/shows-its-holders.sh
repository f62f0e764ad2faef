# --list, --who, and both for programs.
. "$TESTS/lib.sh"
printf 'red\n\303\nblue\n' >tags
ptbw -m -t tags -N $PWD/pool : & m=$!
await 'test -S pool'
ptbw -t pool sh -c '. "$TESTS/lib.sh"; : >held; await "test -e go"' 'two words' & h=$!
await 'test -e held'
shown() { sed "s/\\b$h\\b/HOLDER/g; s/ sh -c .*await.* 'two words'/ sh -c ... 'two words'/" | tr '\t' ' ' | cat -v; }
ptbw -t pool --list | shown
ptbw -t pool --who | shown
ptbw -t pool --json | shown
ptbw -t pool --who --json | shown
: >go; wait $h
ptbw -t pool --who | shown
ptbw -t pool --who --json
kill $m; wait $m
ptbw -m -J1 ptbw --list --json
