# Many items, none lost, in little memory.
. "$TESTS/fanout.sh"
seq 100000 >items
xapply -f -n 'x%1' items | sed 's/x//' | cmp - items && echo shown
xapply -f -P4 --pack=500 --keep-order '/bin/echo' items | tr ' ' '\n' |
  cmp - items && echo packed
seq 3000 | xapply -m -f -P4 '/bin/echo' - | sort -n >out
seq 3000 | cmp - out && echo collated
seq 3000 | xapply -f -P8 '/bin/echo %1' - | sort -n >out
seq 3000 | cmp - out && echo not collated
