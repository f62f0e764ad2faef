# power 50: where a trust file says who may, nobody else may; by ssh, too.
. "$TESTS/power.sh"
strips
mkdir bin far farbin
rack a 1 'web[1-3]' '[1-3]' 'off-time 0s' >far/pcu.conf
with_keys user:ops host:hub user:reader user:stranger
# Readers may not switch; of strangers nobody has heard.
sed -e '/^user:stranger/d' \
  -e '/^user:reader/s/ / namespaces="tell@fleetbox,channel@fleetbox" /' \
  keys/allowed_signers >far/trust
cat >bin/ssh <<X
#!/bin/sh
for word; do :; done
cd $PWD/far && unset PCU_REBOOT FLEETBOX_IDENTITY FLEETBOX_TRUST
export SSH_CLIENT='192.0.2.7 4711 22' HOME=\$PWD PATH=$PWD/farbin:\$PATH
exec sh -c "\$word"
X
cat >farbin/fleetbox <<X
#!/bin/sh
shift
exec $(command -v pcu-reboot) -c pcu.conf --run-dir run --state-dir state \
  --secret-dir secrets --trust trust -i $PWD/keys/host:hub "\$@" 2>>$PWD/far/log
X
chmod +x bin/ssh farbin/fleetbox
export PATH="$PWD/bin:$PATH"
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
