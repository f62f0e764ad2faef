# isinit 45: a key that is not trusted for tells, or not for tables, is refused,
# and that is logged; what ends a host is not for others.
. "$TESTS/lib.sh"
with_keys user:ops user:stranger host:a
echo 'g:a:1:respawn:exec sleep 1000' >tab
# ops may tell; tables are for nobody.
sed -e '/^user:stranger/d' \
  -e '/^user:ops/s/ / namespaces="tell@fleetbox,channel@fleetbox" /' \
  keys/allowed_signers >trusted
serve isinit -d -c "$PWD/tab" -r run -N a -i keys/host:a --trust trusted \
  -l tcp:127.0.0.1:0 --ready-fd 3
address=$(sed -n 's/.*listen="\(tcp:[^ ]*\) .*/\1/p' serve.1.log)
f() {
  key=$1
  shift
  isinit -H "a=$address" -i "keys/$key" "$@" 2>&1
  echo "code $?"
}
f user:ops tell --wait=30s g 1
f user:stranger tell g 0
f user:ops push --generation 1 tab
f user:ops upgrade
f user:ops -k
isinit -H "b=$address" -i keys/user:ops tell g 0 2>&1 |
  sed "s/SHA256:[^:]*/KEY/"
echo "code $?"
isinit -n -c "$PWD/tab" -r run -v g 1
grep -c request.refused serve.1.log
