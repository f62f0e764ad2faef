# The examples of pcu-reboot(8).
. "$TESTS/power.sh"
strips
rack rack3-a 1 'web[1-3]' '[1-3]' 'off-time 0s' | sed "s/$net.1/$net.1/" >pcu.conf
pcu-reboot -c pcu.conf status web[1-3] | untimed | sort
pcu-reboot -c pcu.conf -n cycle pcu:rack3-a | sed "s|$net|NET|; s|$PWD|PWD|"
pcu-reboot -c pcu.conf cycle web1 web2 | untimed | sort
pcu-reboot -c pcu.conf web1 test | untimed
pcu-reboot journal web1 | sed 's/^[^ ]* [^ ]*/T W/'
serve pcu-reboot serve -c pcu.conf --listen unix:s --ready-fd 3
powerman -h ./s -q
