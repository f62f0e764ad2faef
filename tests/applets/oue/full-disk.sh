# A disk that is full is said, and nothing of the update is stored or printed.
seq 3 >in
oue in >/dev/full; echo rc=$?
oue -c in >/dev/full; echo rc=$?
oue -D first in >/dev/full; echo rc=$?
# More than fits: what was there before stays, and can be added to.
oue -D state in
trap '' XFSZ
seq 100000 >many
(ulimit -f 64; oue -c -D state many >out); echo rc=$?
wc -c <out | tr -d ' '
oue -iI state </dev/null
seq 4 | oue -D state
# A fast stream stores and prints pieces.
seq 300000 >many
(ulimit -f 3000; oue -D pieces many 2>err | cat >out)
cat err
oue -iI pieces </dev/null | cmp - out && echo 'stored what was printed'
[ -s out ] && echo some
# The disk refuses when it is asked to keep what it took.
command -v strace >/dev/null || exit 0
for error in ENOSPC EIO; do
  rm -f flush
  strace -qq -o /dev/null -e trace=fdatasync \
    -e inject=fdatasync:error=$error:when=1 oue -D flush in 2>&1 |
    grep -v -e Sanitizer -e '^$' -e HINT -e ====
  oue -iI flush </dev/null
done
oue -D flush in
