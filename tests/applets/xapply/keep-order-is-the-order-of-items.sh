# Sections come out in item order, whatever ends first, and the first unfinished
# one is live: the others wait until its first line has come out.
. "$TESTS/fanout.sh"
: >out
xapply --keep-order -P3 'case %1 in
  a) echo a1; ./await "test -e done.b -a -e done.c"; echo a2;;
  *) ./await "grep -q a1 out"; echo %1; touch done.%1;;
esac' a b c >out
cat out
echo --
xapply --keep-order -P2 'case %1 in 3) ;; *) echo %1;; esac' 1 2 3 4
