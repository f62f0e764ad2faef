# -L: a producer that is to wait may come to its end if there is room.
. "$TESTS/lib.sh"
mkfifo hold
run() {
  xclate -m $1 sh -c '. "$TESTS/lib.sh"
    xclate holder <hold & exec 7>hold; echo held >&7
    await "grep -q held out"
    (head -c 300000 /dev/zero | tr "\0" x; : >done) 7>&- | xclate big 7>&- &
    '"$2"'
    exec 7>&-
    wait' </dev/null >out
  wc -c <out | tr -d ' '; rm -f done
}
run '-L 1m' 'await "test -e done"; echo ended before its turn >&2'
run '-L (64+2)b' 'test -e done || echo still waits >&2'
