# --tag: each line behind its item and a tab, or a text of one's own.
. "$TESTS/fanout.sh"
xapply --tag 'echo one; echo; echo %1' a b
echo --
xapply --tag='[%u %1] ' 'printf "1\n2\n"; : %1' x y
echo --
: >out
xapply --tag --collate=line -P2 'case %1 in
  a) echo 1; ./await "grep -q b out"; echo 2;;
  b) ./await "grep -q a out"; echo 1;;
esac' a b >out
cat out
echo --
xapply --tag='%9' 'echo' a b >/dev/null 2>err
echo "$? $(grep -c '^xapply: ' err)"
