# For black-box tests of efmd, hxmd and msrc: . "$TESTS/fleet.sh"
#
#   run NAME <<'X'    a script as a user would type it; prints NAME, its standard
#                     output, its standard error behind "2> ", and its exit code
#                     if it is not 0. The usage line is left out
#
# There are the host files fleet.cf, spare.cl, up.cl, over.cf and defs.cf, the
# texts job.m4 (executable) and data.txt, and the cache directory cachedir with
# the links .alt and cachedir.host to it.
. "$TESTS/lib.sh"

cat >fleet.cf <<'X'
# fleet
SITE=`lab'
%HOST	SHORT	ARCH	CORES	OWNER
alpha.lab.example	alpha	amd64	8	`Ada L.'
beta.lab.example	beta	arm64	4	.
gamma.lab.example	gamma	amd64	.	"Bo\tD"
SITE="edge"
%%	SHORT	TAGS
delta.edge.example	delta	"dns,ntp"
X
printf '%s\n' beta.lab.example omega.lab.example >spare.cl
printf '%s\n' ALPHA.lab.example >up.cl
cat >over.cf <<'X'
%HOST ARCH RACK
gamma.lab.example riscv r1
beta.lab.example . r2
psi.lab.example amd64 r3
X
cat >defs.cf <<'X'
CORES=`1'
SITE=none
POLICY="nightly run"
X
cat >job.m4 <<'X'
#!/bin/sh
echo "run HOST:$#:$1"
X
chmod +x job.m4
echo 'host=HOST cores=CORES c=HXMD_C' >data.txt
mkdir cachedir
cat >cachedir/Cache.m4 <<'X'
`cachedir:
	@echo main-'SHORT`
alt:
	@echo alt-'HXMD_CACHE_TARGET`
alpha.lab.example:
	@echo mine
'dnl
X
ln -s cachedir .alt
ln -s cachedir cachedir.host

run() {
  cat >run.sh
  sh ./run.sh >run.out 2>run.err
  run_code=$?
  echo "--- $1"
  # The folder of a test has another name each time.
  sed "s|$PWD|HERE|g" run.out
  grep -v -e '^usage: ' -e '^       [a-z]' run.err |
    sed "s|$PWD|HERE|g; s/^/2> /"
  [ "$run_code" = 0 ] || echo "[$run_code]"
}
