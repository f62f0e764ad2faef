# power 43: fence-agents and we, at the same models of controllers: what one has
# switched, the other reads.
. "$TESTS/web.sh"
command -v fence_redfish >/dev/null && command -v fence_ipmilan >/dev/null ||
  skip 'there are no fence-agents'

# A word of their language's about itself is no answer.
export PYTHONWARNINGS=ignore

# What both say now.
both() {
  they=$(agent status 2>&1 | sed 's/.*Status: //')
  we=$(pcu-reboot status $host | sed -n "s|^$host: \([a-z]*\) .*|\1|p")
  echo "they: $they; we: $we"
}
rounds() {
  echo "--- $1"
  both
  agent off 2>&1
  both
  pcu-reboot on $host | untimed
  both
  pcu-reboot off $host | untimed
  both
  agent on 2>&1
  both
  agent reboot 2>&1
  both
}
web redfish --systems=1 --user=root:secret --follows=300ms
tls
host=r1
plug r1 redfish redfish 1 "user \"root\" tls-pin \"$pin\"" >pcu.conf
agent() {
  fence_redfish --ip 127.0.0.1 --ipport "$port" --username root \
    --password secret --ssl-insecure --systems-uri /redfish/v1/Systems/1 \
    --power-wait 1 -o "$1"
}
rounds Redfish
asked
controllers --count=1
host=h1
ipmi 1 >pcu.conf
agent() {
  fence_ipmilan --ip "$net.1" --ipport 10623 --username admin \
    --password secret --lanplus --cipher 17 --power-wait 0 -o "$1"
}
rounds 'IPMI 2.0'
