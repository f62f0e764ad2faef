# Eight at once: each key is printed by one of them.
seq 2000 >keys
for i in 1 2 3 4 5 6 7 8; do
  { cat keys | oue -D state >out.$i; } &
done
wait
sort -n out.? | cmp - keys && echo 'once each, streaming'
for i in 1 2 3 4 5 6 7 8; do
  oue -c -R %k -D counted keys >out.$i &
done
wait
sort -n out.? | cmp - keys && echo 'once each, counting'
for i in 1 2 3 4 5 6 7 8; do
  oue -ciI totals -D totals keys >/dev/null &
done
wait
# Who counts on what others have counted comes to the sum.
oue -iI totals -R %v </dev/null | oue -c
oue -iI totals </dev/null | cmp - keys && echo 'in order'
