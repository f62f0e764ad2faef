# The examples of msrc(8), on the hosts of T.
. "$TESTS/msrc.sh"
cp "$T" fleet.cf
printf 'all:\n\t@echo made for %s\n' SHORT >Makefile.host
HXMD_PATH=$PWD
export HXMD_PATH

run 'what would be sent' <<'X'
msrc -d P :
X
run 'to all hosts of a table' <<'X'
msrc -C fleet.cf make all | sort
X
run 'looked at here' <<'X'
msrc -l -P1 -C fleet.cf cat motd
X
run 'before and after' <<'X'
msrc -C fleet.cf -DPRE_CMD='echo update ${4}' -DPOST_CMD='echo done ${4}' make all | sort
X
