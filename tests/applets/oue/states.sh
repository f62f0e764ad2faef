# What a state keeps, and what a previous one is good for.
printf 'a\nb\na\n' | oue -c -D one
printf 'b\nc\nc\nc\n' >in
echo new; oue -I one in
echo known; oue -vI one -R '%k %v' in
echo replay; oue -iI one -R '%k c=%c o=%o t=%t v=%v' in
echo 'replay -B'; oue -B '(%k %v)' -I one in
echo 'counts'; oue -ciI one -D two in
echo 'kept'; oue -iI two -R '%k=%v' </dev/null
echo 'not in two'; printf 'a\nd\n' | oue -I one -D two
echo '-d with the past'; oue -di -I one -R '%k %t' in
echo 'memory'; oue -D three -r '%n/%[f/$]' -R '%m' in
echo 'extract'; oue -iI three -x '%[v/1]' -R '%k %o' </dev/null
echo 'locks'; oue -N -D four in; oue -NiI four </dev/null
echo 'many lines'; printf '1\n2\n1\n2\n' | oue -2 -D five; oue -2 -iI five -R '%1+%2' </dev/null
echo 'empty file'; : >six; oue -D six in; oue -iI six </dev/null
echo 'totals'
for i in 1 2 3; do oue -ciI totals -D totals in; done
echo 'totals take no more room than they need'
seq 20000 >numbers
: >grown
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
  oue -ciI grown -D grown numbers >/dev/null
  size=$(wc -c <grown)
  [ "$size" -lt 1600000 ] || echo "$size bytes"
done
oue -iI grown -R %v </dev/null | oue -c
