# --watch: new tokens can be had at once, vanished ones go when they are free.
. "$TESTS/lib.sh"
printf 'a\nb\n' >tags
ptbw -m --watch -t tags -N $PWD/pool : 2>err & m=$!
await 'test -S pool'
ptbw -t pool -R2 sh -c '. "$TESTS/lib.sh"; : >held; await "test -e go"' & h=$!
await 'test -e held'
tokens() { ptbw -t pool | tail -n +4 | cut -f 3 | sort | tr '\n' ' '; }
ptbw -t pool sh -c 'echo $ptbw_list' >got & w=$!
# Written in place.
echo c >>tags
wait $w; cat got
# Replaced, without what is held now.
printf 'c\nd\n' >new; mv new tags
await 'ptbw -t pool | grep -q d'
: >go; wait $h
await '! ptbw -t pool | grep -q "	a$"'
tokens; echo
# Of no use: nothing changes.
: >tags
await 'test -s err'
cat err; tokens; echo
# HUP reads it, too.
rm tags; mkdir elsewhere; printf 'e\n' >elsewhere/t; ln -s elsewhere/t tags
kill -HUP $m
await 'ptbw -t pool | grep -q e$'
tokens; echo
kill $m; wait $m; echo rc=$?
