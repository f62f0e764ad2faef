# Every case by hand gives what GNU m4 gives: output, messages and exit code.
. "$TESTS/lib.sh"
# The name they are called by is in their messages: both are "m4".
mkdir ours
ln -s "$BIN" ours/m4
PATH=/usr/bin:/bin
command -v m4 >/dev/null || skip 'there is no GNU m4'
m4 --version | grep -q 'GNU M4) 1.4.19' || skip 'm4 is not GNU m4 1.4.19'
cases=$(cat "$TESTS"/m4/*.cases | grep -c '^=== ')
[ "$cases" -ge 300 ] && echo 'at least 300 cases'
sh "$TESTS/m4/compare" m4 "$PWD/ours/m4 --gnu-only" >report 2>&1
code=$?
if [ "$code" = 0 ]; then echo 'no difference'; else head -c 20000 report; fi
exit "$code"
