# -d S and -d X: what is shown can be run.
. "$TESTS/msrc.sh"

run 'the scripts' <<'X'
msrc -d S -C "$T" -E SHORT=nobody echo HOST
X
run 'the scripts of local mode' <<'X'
msrc -l -d S -C "$T" -E SHORT=nobody echo HOST
X
run 'the command line of hxmd' <<'X'
EXTRA=-DSIZE=xl msrc -d X -C "$T" -E SHORT=nobody -u bob -P3 --json echo HOST
X
run 'they can be run by hand' <<'X'
for mode in '' -l; do
  msrc $mode -d SX -C "$T" -E SHORT=beta -DINIT_CMD='echo ${3}' cat motd 2>shown
  sed -n '/^cat <</,$p' shown | sed '/^msrc: /,$d' >files
  sh ./files
  sed -n 's/^msrc: -dX: \(HXMD_PASS\)/\1/p' shown >command
  sh ./command
  rm shown files command update distfile provision 2>/dev/null
done
:
X
run 'each command of m4 reads them' <<'X'
msrc -d S -C "$T" -E SHORT=nobody cat motd 2>&1 | sed -n '/^cat <</,$p' | sed '/^msrc: /,$d' >files
sh ./files

for m4 in m4 "$BIN m4"; do
  $m4 -DHOST=h -DHXMD_1=/1 -DHXMD_2=/2 -DHXMD_3=/3 -DHXMD_4=/4 update
done | sort | uniq -c | awk '$1 % 2 { print "different:", $0 }'
X
