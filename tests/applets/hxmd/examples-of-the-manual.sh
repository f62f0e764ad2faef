# The examples of hxmd(8).
. "$TESTS/fleet.sh"
run 'which hosts answer' <<'X'
hxmd -P4 -C fleet.cf 'test SITE = lab'
X
run 'a file that is different on each host' <<'X'
hxmd -P1 -C fleet.cf -E SITE=lab 'cat %1' data.txt
X
run 'what would be run' <<'X'
hxmd -C fleet.cf -n 'scp %1 HOST:/etc/motd' data.txt 2>&1 | sed 's|/.*/data|HOLD/data|'
hxmd -C fleet.cf --plan sh 'scp %1 HOST:/etc/motd' data.txt | sh -n
X
run 'who is to be tried again' <<'X'
hxmd -C fleet.cf -r 'ifelse(HXMD_STATUS,0,,HOST)' -K 'cp HXMD_0 again.cf' 'test SITE = lab'
hxmd -P1 -C again.cf -X fleet.cf 'echo once more: SHORT'
X
