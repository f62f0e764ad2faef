# power 50: a server takes signed requests beside powerman's clients, and none
# of them twice, from nobody else.
. "$TESTS/power.sh"
strips
mkdir far
rack a 1 'web[1-3]' '[1-3]' 'off-time 0s' >far/pcu.conf
with_keys user:ops "host:$(hostname)" user:reader
sed '/^user:reader/s/ / namespaces="channel@fleetbox" /' keys/allowed_signers \
  >far/trust
export PCU_REBOOT='--state-dir state'
serve pcu-reboot serve -c far/pcu.conf --run-dir far/run --state-dir far/state \
  --secret-dir far/secrets --listen "unix:$PWD/powerman.s" \
  --requests tcp:127.0.0.1:0 --requests "unix:$PWD/requests.s" \
  --trust far/trust -i "keys/host:$(hostname)" --ready-fd 3
address=$(sed -n 's/.*power.takes address="\{0,1\}\(tcp:[^ "]*\).*/\1/p' serve.2.log)
as() {
  key=$1
  shift
  coded pcu-reboot --via "$(hostname)=$address" -i "keys/$key" "$@" |
    sed "s/$(hostname)=tcp:[^ ]*:/HUB:/"
}
as user:ops off web1 web2 | untimed | sort
as user:ops status 'web[1-3]' | untimed | sort
as user:reader on web1
pcu-reboot --via "unix:$PWD/requests.s" on web1 | untimed
grep -c ' off \| on ' serve.1.log
pcu-reboot --state-dir far/state journal |
  sed 's/^[^ ]* //; s/(.*@[^ )]*)/(WHO)/
    s/via uid [0-9]*/via UID/; s/via [0-9.:]* /via ADDRESS /' | sort
unserve $served
grep -c power.stopped serve.2.log
