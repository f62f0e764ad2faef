# For black-box tests of msrc and mmsrc: . "$TESTS/msrc.sh"
#
#   run NAME <<'X'    as in fleet.sh; the script runs in msrc/app
#   there HOST        the folder that is HOST's home: far/HOST
#
# We are in msrc/app, a folder with a recipe and one of each kind of name; T is
# a table of alpha and beta, far_ssh a connection that is none: it runs the
# remote command here, in far/HOST, and keeps its arguments in far/log.
. "$TESTS/lib.sh"

mkdir -p msrc/app far
here=$PWD
T=$PWD/table.cf
export T here
cat >table.cf <<X
SSH="sh $here/far_ssh"
%HOST	SHORT
alpha.lab.example	alpha
beta.lab.example	beta
X
cat >far_ssh <<X
host=\${1#*@}
printf '%s\n' "\$1" >>$here/far/log
shift
mkdir -p "$here/far/\$host"
cd "$here/far/\$host" && HOME=\$PWD exec sh -c "\$*"
X
cd msrc/app || exit 1
echo 'all: # HOST' >Makefile.host
echo k >conf.host
mkdir motd.host docs RCS
cat >motd.host/Cache.m4 <<'X'
`motd:
	@echo hi 'SHORT
X
echo plain >plain.txt
echo notes >notes.md
mkfifo pipe0
cat >Msrc.hxmd <<'X'
# colours
-DCOLOR=teal
$EXTRA
$NOPE
X
cat >Msrc.mk <<'X'
INTO=app
SEND=plain.txt
FLAG=one
prep:
	@echo prep-${FLAG} >&2
__msrc: prep
other:
__clean:
	@echo clean ${MSRC_EXITCODE}
X

run() {
  cat >"$here/run.sh"
  sh "$here/run.sh" >"$here/run.out" 2>"$here/run.err"
  run_code=$?
  echo "--- $1"
  # The folder of a test has another name each time.
  sed "s|$here|HERE|g; s|hxtf[A-Za-z0-9]*|hxtf|g" "$here/run.out"
  grep -v -e '^usage: ' -e '^       ' "$here/run.err" |
    sed "s|$here|HERE|g; s|hxtf[A-Za-z0-9]*|hxtf|g; s/^/2> /"
  [ "$run_code" = 0 ] || echo "[$run_code]"
}
