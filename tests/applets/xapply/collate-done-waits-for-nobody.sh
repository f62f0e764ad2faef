# xapply I16, with --collate=done: the first finished section is first, though
# another has written before it and is still running.
. "$TESTS/fanout.sh"
: >out
xapply --collate=done -P2 'case %1 in
  1) echo first 1; touch wrote.1; ./await "grep -q second.3 out"; echo second 1;;
  3) ./await "test -e wrote.1"; echo first 3; echo second 3;;
esac' 3 1 >out
cat out
