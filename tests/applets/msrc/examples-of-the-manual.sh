# The examples of msrc(8), on the hosts of T.
. "$TESTS/msrc.sh"
cp "$T" fleet.cf
printf 'all:\n\t@echo made for %s\n' SHORT >Makefile.host
HXMD_PATH=$PWD
export HXMD_PATH

run 'what would be sent' <<'X'
msrc -d P :
X
run 'what would change' <<'X'
mkdir -p "$here/far/alpha.lab.example/app" "$here/far/beta.lab.example/app"
for host in alpha beta; do echo old >"$here/far/$host.lab.example/app/plain.txt"; done
msrc -C fleet.cf --check --diff >"$here/shown"
grep -v '^[-@+]' "$here/shown" | sort -u
sed -n '/^---/,$p' "$here/shown"
X
run 'to all hosts of a table' <<'X'
msrc -C fleet.cf make all | sort
X
run 'looked at here' <<'X'
msrc -l -P1 -C fleet.cf cat motd
X
run 'one host first' <<'X'
msrc -C fleet.cf --canary 1 --batch 2 --max-fail 1 make all
X
run 'what is not in the folder any more' <<'X'
rm plain.txt
sed 's/^SEND=.*/SEND=./' Msrc.mk >new && cat new >Msrc.mk && rm new
msrc -C fleet.cf --prune make all | sort
ls "$here/far/alpha.lab.example/app"
X
run 'left running' <<'X'
msrc -C fleet.cf --detach make all 2>/dev/null
msrc -C fleet.cf --attach | sort
X
run 'what was done lately' <<'X'
msrc --history | awk '{ print $4, $5, $6, $7, $8, $9 }'
msrc -C fleet.cf --retry-failed 2>&1 | sed "s|[0-9]*T[0-9.]*Z-[0-9a-f]*|RUN|"
X
run 'by way of others' <<'X'
mkdir "$here/ways" && printf '#!/bin/sh\nexec sh "%s" "$@"\n' "$here/far_ssh" >"$here/ways/ssh"
chmod +x "$here/ways/ssh"
PATH=$here/ways:$PATH
: >"$here/far/log"
msrc -C fleet.cf --relay r1,r2 make all | sort
sort "$here/far/log"
X
run 'before and after' <<'X'
msrc -C fleet.cf -DPRE_CMD='echo update ${4}' -DPOST_CMD='echo done ${4}' make all | sort
X
