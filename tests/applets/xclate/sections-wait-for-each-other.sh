# xclate J4: the first to be ready goes first, and the others wait.
. "$TESTS/lib.sh"
mkfifo go gate
xclate -m sh -c '
  . "$TESTS/lib.sh"
  (echo s1; read x <gate; echo s2) | xclate slow &
  await "grep -q s1 out"
  (echo q1; echo q2; : >quick) | xclate quick &
  await "test -e quick"
  echo x >gate
  wait' </dev/null >out
cat out
