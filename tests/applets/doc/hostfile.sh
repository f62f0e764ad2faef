# The examples of hostfile(5).
. "$TESTS/fleet.sh"
run 'what a table means' <<'X'
efmd -C fleet.cf --table
X
printf '%s\n' 'Host beta.lab.example' ' User ada' >config
run 'whom ssh knows' <<'X'
efmd -C ssh:config -X fleet.cf 'HOST ENTRY_LOGIN ARCH'
X
