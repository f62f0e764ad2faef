# Items of any bytes but NUL and newline arrive as they are, by %W1 and %q1.
. "$TESTS/fanout.sh"
awk 'BEGIN { for (i = 1; i < 256; i++) if (i != 10) printf "%c\n", i }' >bytes
tr -d '\n' <bytes >joined
wc -c <joined
xapply -f 'printf %%s %W1' bytes | cmp - joined && echo one by one
xapply -f 'printf %%s %W1' joined | cmp - joined && echo together
xapply -f '/bin/echo -n %W1' joined | cmp - joined && echo by a program
xapply -f 'printf %%s "%q1"' joined | cmp - joined && echo in double quotes
xapply -f -e V=%1 '%0printf %%s "$V"' joined | cmp - joined && echo in a variable
xapply -fm --pack 'printf %%s' bytes | cmp - joined && echo packed
