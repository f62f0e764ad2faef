# Lines of all tasks come out as they are finished, and never inside each other.
. "$TESTS/fanout.sh"
: >out
xapply --collate=line -P2 'case %1 in
  a) printf "a1 begins"; ./await "grep -qx b1 out"; echo ", ends"
     ./await "grep -qx b2 out"; printf "a without end";;
  b) ./await "test -e /dev/null"; echo b1; ./await "grep -q ends out"; echo b2;;
esac' a b >out
cat out
