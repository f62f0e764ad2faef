# With --collate=off tasks write where xapply writes, at once.
. "$TESTS/fanout.sh"
: >out
xapply --collate=off -P2 'case %1 in
  a) printf "a "; touch begun; ./await "grep -q b out"; echo a;;
  b) ./await "test -e begun"; printf "b ";;
esac' a b >out
cat out
echo --
xapply --collate=never 'echo' a 2>err
echo "$? $(grep -c '^xapply: ' err)"
