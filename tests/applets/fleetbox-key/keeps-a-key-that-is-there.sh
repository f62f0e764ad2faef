fleetbox key new -c first k >/dev/null
cp k.pub first.pub
fleetbox key new -c second k
echo "exit $?"
cmp k.pub first.pub && echo untouched
fleetbox key new -f -c second k >/dev/null && cut -d' ' -f3 k.pub
