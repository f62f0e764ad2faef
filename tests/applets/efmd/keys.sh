. "$TESTS/fleet.sh"
run 'E01 the keys of all hosts' <<'X'
efmd -C fleet.cf -L
X
run 'E01 with a test' <<'X'
efmd -C fleet.cf -E ARCH=amd64 -L
X
run 'nobody is worth a note' <<'X'
efmd -C fleet.cf -E ARCH=vax -L
X
run 'names of hosts are enough for a table' <<'X'
efmd -C spare.cl:up.cl -L
X
run 'these hosts and no others' <<'X'
efmd -C fleet.cf --on BETA.lab.example,delta.edge.example -L
X
run 'a name that means no host' <<'X'
efmd -C fleet.cf --on beta.lab.example,beta -L
X
run 'by SHORTHOST' <<'X'
printf '%s\n' '%HOST SHORTHOST' 'a.example a' 'b.example b' >short.cf
efmd -C short.cf --on b -L
X
