# hosts(7), from top to bottom.
. "$TESTS/lib.sh"
step() {
  cat >run.sh
  echo "--- $1"
  sh ./run.sh 2>&1 | sed "s|$PWD|HERE|g; s|/hxtf[^/]*/|/hxtfXXXXXX/|g"
}
cat >site.cf <<'X'
DOMAIN=lab.example
%HOST                ROLE  ARCH   CORES  OWNER
ada.lab.example      web   amd64  8      `Ada L.'
bob.lab.example      web   arm64  4      .
cy.lab.example       db    amd64  32     `Cy D.'
dee.lab.example      dns   arm64  2      .
DOMAIN=edge.example
%%                   ROLE  ARCH   CORES
eve.edge.example     dns   amd64  2
fay.edge.example     web   amd64  .
X
cat >motd <<'X'
Welcome to HOST, a ROLE host with ifdef(`CORES', `CORES', `some') cores.
ifdef(`OWNER', `Ask OWNER before you change anything.
')dnl
X
cat >total <<'X'
ifdef(`SUM', , `define(`SUM', 0)m4wrap(`SUM cores in all
')')dnl
define(`SUM', eval(SUM + CORES))dnl
HOST: CORES
X
cat >check.sh <<'X'
#!/bin/sh
# On HOST: does it have what a ROLE host needs?
test ifdef(`CORES', CORES, 0) -ge ifelse(ROLE, db, 16, 4) || exit 1
echo "ROLE on ARCH is fine"
X
chmod +x check.sh

step 'a table' <<'X'
efmd -C site.cf -L
efmd -C site.cf --table
X
step 'election' <<'X'
efmd -C site.cf -E ROLE=web -L
efmd -C site.cf -E ROLE=web -B OWNER -L
efmd -C site.cf -B CORES -E 'CORES>=8' -L
efmd -C site.cf -B CORES -G 'divert(eval(100-CORES))HOST' -L
X
step 'texts' <<'X'
efmd -C site.cf -E DOMAIN=lab.example 'HOST is a ROLE of ARCH'
efmd -C site.cf -B CORES -F0 total
efmd -C site.cf -F0 -E ROLE=web motd
X
step 'commands' <<'X'
hxmd -P1 -C site.cf -E ROLE=dns 'echo HOST has CORES cores'
hxmd -C site.cf -n -E ROLE=dns 'ssh HOST uptime'
hxmd -P1 -C site.cf -E ROLE=dns --tag 'echo one; echo two'
hxmd -P1 -C site.cf -E ROLE=dns -T '== %{HOST}, %{ARCH}' 'echo up'
X
step 'files' <<'X'
hxmd -P1 -C site.cf -E ROLE=db 'cat %1' motd
hxmd -C site.cf -n -E ROLE=db 'scp %1 root@HOST:/etc/motd' motd
hxmd -P1 -C site.cf -F0 check.sh
X
step 'who failed' <<'X'
hxmd -P1 -C site.cf -r 'ifelse(HXMD_STATUS,0,,HOST)' -K 'cp HXMD_0 again.cf' -F0 check.sh
efmd -C again.cf -X site.cf 'HOST CORES'
hxmd -P1 -C site.cf -K 'sort HXMD_0' -r 'HXMD_STATUS HOST' -F0 check.sh
X
printf '%%HOST RACK\ncy.lab.example r1\neve.edge.example r2\n' >racks.cf
printf 'CORES=1\nOWNER=nobody\n' >defaults.cf
step 'more than one table' <<'X'
efmd -C site.cf -X racks.cf -B RACK 'HOST RACK'
efmd -Z defaults.cf -C site.cf 'HOST CORES OWNER'
efmd -C site.cf -X racks.cf -B RACK -o 'ROLE RACK'
efmd -C site.cf -E ROLE=db --json
X
