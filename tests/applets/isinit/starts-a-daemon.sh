# A bare tell starts a server where there is none, unless it may not; nothing
# else does.
. "$TESTS/lib.sh"
echo 'g:a:1:respawn:exec sleep 1000' >tab
trap 'isinit -c tab -r run -k >/dev/null 2>&1' EXIT
isinit -n -c tab -r run g 1
echo "code $?"
isinit -c tab -r run tell g 1
echo "code $?"
isinit -c tab -r run -k
echo "code $?"
# what -v prints of the group is how it stands at once: on its way or there
at_once() { sed '/^g [12] start$/s/start$/run/'; }
isinit -v -c tab -r run g 1 | at_once
isinit -c tab -r run wait --timeout 5s g run
fleetbox clinit -v -c tab -r run g 2 | at_once
fleetbox telinit -c tab -r run q
isinit -c tab -r run nogroup 1
echo "code $?"
isinit -c tab -r run a b c
echo "code $?"
