# Random programs give what GNU m4 gives. M4_RANDOM says how many (2000), SEED
# which.
. "$TESTS/lib.sh"
mkdir ours
ln -s "$BIN" ours/m4
PATH=/usr/bin:/bin
command -v m4 >/dev/null || skip 'there is no GNU m4'
m4 --version | grep -q 'GNU M4) 1.4.19' || skip 'm4 is not GNU m4 1.4.19'
count=${M4_RANDOM:-2000}
# Under a sanitizer, which needs more room than that, all takes longer.
sh -c 'ulimit -v 4000000; ours/m4 --help; exit $?' >/dev/null 2>&1 || count=$((count / 10))
sh "$TESTS/m4/compare-random" m4 "$PWD/ours/m4 --gnu-only" \
  "$count" "${SEED:-1}" >report 2>&1
code=$?
if [ "$code" = 0 ]; then
  echo 'no difference'
else
  echo "seed ${SEED:-1}"
  head -c 20000 report
fi
exit "$code"
