. "$TESTS/fleet.sh"
run 'the hosts of a site, and what they are' <<'X'
efmd -C fleet.cf -E SITE=lab -L
efmd -C fleet.cf 'SHORT ARCH'
X
run 'the absolute name of a table' <<'X'
efmd -C fleet.cf -T HXMD_OPT_C dnl
X
run 'a table for Ansible, and one from it' <<'X'
efmd -C fleet.cf --ansible >fleet.ini
efmd -C ansible:fleet.ini --table
X
run 'one host file of two, with what a third adds' <<'X'
efmd -C fleet.cf:spare.cl -X over.cf -o 'SHORT ARCH RACK' >all.cf
cat all.cf
X
