# xapply(1): pairs from two files, a command for each item, an else command.
. "$TESTS/fanout.sh"
printf 'a\nb\nc\n' >names
printf '1\n2\n' >values
xapply -f -2 -p none 'echo %1 is %2' names values
printf 'echo up %%1\nh1\necho down %%1 now\nh2\n' >pairs
xapply -f -2 '%+' - - <pairs
: >todo
xapply -f -N 'echo nothing to do in' 'echo doing' todo
echo it >todo
xapply -f -N 'echo nothing to do in' 'echo doing' todo
