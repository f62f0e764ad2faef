# Plenty of input costs few writes, though every line is new.
. "$TESTS/lib.sh"
command -v strace >/dev/null || skip 'there is no strace'
seq 100000 >in
strace -qq -e trace=write -o trace oue in >out 2>err ||
  { grep -q 'LeakSanitizer' err || cat err; }
cmp in out && echo same
[ "$(grep -c '^write(1' trace)" -lt 300 ] && echo 'few writes'
cat in | strace -qq -e trace=write -o trace oue >out 2>err ||
  { grep -q 'LeakSanitizer' err || cat err; }
cmp in out && echo same
[ "$(grep -c '^write(1' trace)" -lt 1000 ] && echo 'few writes'
