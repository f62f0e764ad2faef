# power 5: all of powerman's device files load; their models are listed beside
# those that are built in, and one that is printed is read back as the same.
. "$TESTS/power.sh"
ls /etc/powerman/*.dev >files 2>/dev/null || skip 'there are no device files'
sed 's/.*/include "&"/' files >pcu.conf
wc -l <pcu.conf
pcu-reboot lint pcu.conf && echo 'no mistakes'
sed -n 's/^[ \t]*specification[ \t]*"\([^"]*\)".*/\1/p' $(cat files) | sort -u >theirs
wc -l <theirs
PCU_REBOOT='' pcu-reboot models >built-in
sort -u theirs built-in >all
pcu-reboot models | cmp - all && echo 'all are listed'
while read -r name; do
  pcu-reboot models show "$name" >printed &&
    pcu-reboot -c printed models show "$name" | cmp - printed &&
    echo "$name"
done <theirs >same
cmp same theirs && echo 'printed and read again'
