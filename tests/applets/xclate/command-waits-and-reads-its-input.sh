# Without -s a command starts at its turn; its input is kept meanwhile.
. "$TESTS/lib.sh"
mkfifo hold
xclate -m sh -c '. "$TESTS/lib.sh"
  xclate holder <hold & exec 7>hold; echo held >&7
  await "grep -q held out"
  (seq 5; : >wrote) 7>&- | xclate k sh -c ": >started; cat; echo end" 7>&- &
  await "test -e wrote"
  test -e started && echo too early
  seq 3 7>&- | xclate -s s sh -c ": >squeezed; cat" 7>&- &
  await "test -e squeezed"
  exec 7>&-
  wait' </dev/null >out
sort out
# A command need not read what it is given.
xclate -m sh -c 'seq 100000 | xclate k true; seq 100000 | xclate k head -n 1' </dev/null
seq 200000 | xclate -m sh -c 'xclate -I k tail -n 1' 
