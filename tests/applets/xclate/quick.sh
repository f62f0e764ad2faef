# -q: a small finished section is left with the manager.
. "$TESTS/lib.sh"
mkfifo hold
xclate -m -q -r -N '>n' sh -c '. "$TESTS/lib.sh"
  xclate holder <hold & exec 7>hold; echo held >&7
  await "grep -q held out"
  xclate -q small echo small; echo gone=$? >&2
  cat out >&2
  exec 7>&-
  wait' </dev/null >out
cat out
tr '\0' '\n' <n
