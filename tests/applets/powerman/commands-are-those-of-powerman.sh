# What would be sent is compared with what powerman itself would send.
. "$TESTS/lib.sh"
theirs=/usr/bin/powerman
test -x $theirs || skip 'powerman is not installed'
check() {
  powerman -Z "$@" >ours 2>&1
  echo "exit $?" >>ours
  $theirs -Z "$@" >theirs 2>&1
  echo "exit $?" >>theirs
  cmp -s ours theirs && return
  echo "powerman -Z $*"
  diff ours theirs
}
check -1 'web[1-2]' web3 db1
check -1 't[3,1]' t2 'a b'
check -P a -t -B b -b -f c -u d -r e -x -T -D 'f g' -Q 'q[1-3]'
check -q x,y
check -q
check -l
check -d t1 t2
check -b x -T
check -1 a b -0 c d -x e
check --on=a --cycle b --query-all c
check -1 'a[1-3],a[2-4]' 't09,t10,t9,t010'
check -1 ''
check -1 t1 -- -x
check -l x
check -c ,
powerman -Z -1 'web[1-2]' web3 db1
powerman -Z -n -N x -l
