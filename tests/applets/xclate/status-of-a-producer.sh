# --status-from: the section's status is that of the process that fills it.
. "$TESTS/lib.sh"
mkfifo f gate
xclate -m -r -N '>n' sh -c '
  . "$TESTS/lib.sh"
  sh -c "echo x; read y <gate; exit 9" >f & p=$!
  xclate --status --status-from $p k <f & c=$!
  await "grep -q x out"
  echo >gate
  wait $c; echo rc=$? >&2
  xclate --status-from 4194304 k </dev/null; echo rc=$? >&2' </dev/null >out
tr '\0' '\n' <n
