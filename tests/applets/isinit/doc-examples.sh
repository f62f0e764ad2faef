# The examples of isinit(8), and what a person tries next.
. "$TESTS/lib.sh"
cat >isinittab <<T
web:conf:3:wait:mkdir -p $PWD/htdocs
web:httpd:3:respawn:echo up; exec sleep 1000
T
trap 'isinit -c isinittab -r run -k >/dev/null 2>&1' EXIT
sed "s|$PWD/||" <<T
$(cat isinittab)
T
isinit -c isinittab check
isinit -c isinittab -r run -D
isinit -c isinittab -r run tell --wait web 3
isinit -c isinittab -r run status |
  sed 's/up  *[0-9][0-9]*  *.*/up PID/; s/finished.*/finished/; s/  */ /g'
isinit -c isinittab -r run tell --dry-run web 0
isinit -c isinittab -r run log httpd | sed 's/^[^ ]* //'
isinit -c isinittab -r run kill HUP httpd
await 'test $(isinit -c isinittab -r run log httpd | wc -l) = 2'
isinit -c isinittab -r run stop httpd
await 'isinit -c isinittab -r run status httpd | grep -q "by hand"'
isinit -c isinittab -r run wait --timeout 5s web run
isinit -c isinittab -r run -k
isinit -c isinittab -r run status
echo "code $?"
echo 'web:x:33:twice:true' >>isinittab
isinit -c isinittab check
echo "code $?"
