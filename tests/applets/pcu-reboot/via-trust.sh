# power 50: where a trust file says who may, nobody else may; by ssh, too.
. "$TESTS/power.sh"
strips
mkdir far
rack a 1 'web[1-3]' '[1-3]' 'off-time 0s' >far/pcu.conf
with_keys user:ops host:hub user:reader user:stranger
# Readers may not switch; of strangers nobody has heard.
sed -e '/^user:stranger/d' \
  -e '/^user:reader/s/ / namespaces="tell@fleetbox,channel@fleetbox" /' \
  keys/allowed_signers >far/trust
hub --trust trust -i "$PWD/keys/host:hub"
as() {
  key=$1
  shift
  pcu-reboot --via hub -i "keys/$key" "$@" 2>&1
  echo "[$?]"
}
as user:ops off web1 | untimed
as user:reader off web2
as user:stranger off web2
grep -c ' off ' serve.1.log
sed -n 's/^[^ ]* relay.refused .*why="\(step [0-9] ([a-z]*)\).*/\1/p' far/log
pcu-reboot --state-dir far/state journal |
  sed 's/^[^ ]*/T/; s/([^ ]*@[^ )]*)/(WHO)/'
