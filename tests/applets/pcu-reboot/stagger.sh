# power 47: power-ons of one PCU are apart, PCUs are beside each other.
. "$TESTS/power.sh"
strips --count=2 --off
{ rack a 1 'a[1-4]' '[1-4]'; rack b 2 'b[1-4]' '[1-4]'; } >pcu.conf
pcu-reboot -q --stagger 500ms on 'a[1-4]' 'b[1-4]'
echo "[$?]"
for strip in 1 2; do
  grep "^$net.$strip " serve.1.log |
    awk '$4 - last < 500 { print "too soon" } { last = $4 } END { print NR }'
done
# Beside each other: the other one begins before this one has ended.
awk -v a="$net.1" -v b="$net.2" '
  $1 == a { last = $4 }
  $1 == b && first == "" { first = $4 }
  END { if (first < last) print "side by side" }' serve.1.log
: >serve.1.log
pcu-reboot -q --stagger 300ms --off-time 0s cycle 'a[1-3]'
echo "[$?]"
awk '$3 == "on" && $4 - last < 300 { print "too soon" }
     $3 == "on" { last = $4; n++ } END { print n }' serve.1.log
