# power 14, 19, 43: Redfish over TLS, whom it trusts, what it switches, and what
# it leaves behind.
. "$TESTS/web.sh"
web redfish --systems=3 --user=root:secret --follows=1100ms
tls
settings='user "root"'
said() { untimed | sed "s/$pin/PIN/g; s/not [0-9a-f]\{64\}/not OTHER/"; }
one() { plug web2 redfish redfish web2 "$settings $1" >pcu.conf; }
echo '--- who it is'
one
coded pcu-reboot off web2 | said
one "tls-pin \"$(echo $pin | tr 0-9a-f 1-9a-f0)\""
coded pcu-reboot off web2 | said
one "tls-pin \"sha256//$pin64\""
coded pcu-reboot status web2 | said
one 'tls-insecure'
coded pcu-reboot status web2 | said
asked
echo '--- what it does'
one "tls-pin \"$pin\""
coded pcu-reboot verify web2 | said
coded pcu-reboot off web2 | said
coded pcu-reboot off web2 | said
coded pcu-reboot cycle --off-time 0s web2 | said
coded pcu-reboot cycle --off-time 0s web2 | said
coded pcu-reboot reset web2 | said
coded pcu-reboot identify on web2 | said
coded pcu-reboot bootdev pxe web2 | said
coded pcu-reboot bootdev bios web2 | said
coded pcu-reboot soft web2 | said
asked
sed -n 's/^system/system/p' $log | tail -1
echo '--- a wrong password'
(umask 077 && echo wrong >password)
pcu-reboot off web2
echo "[$?]"
asked
before=$(calls)
pcu-reboot off web2 | sed 's/until [^ ]*/until T/'
[ "$(calls)" = "$before" ] && echo 'nothing was sent'
(umask 077 && echo secret >password)
coded pcu-reboot on web2 | said
asked
