# xclate J23: option errors.
xclate -m -I; echo rc=$?
xclate -r k; echo rc=$?
xclate -m -m; echo rc=$?
xclate -L 3x -V >/dev/null; echo rc=$?
xclate --nonsense 2>&1 | head -n 1; xclate --nonsense 2>/dev/null; echo rc=$?
xclate -1 -2 k; echo rc=$?
xclate -m -p 1 true; echo rc=$?
xclate --status -m true; echo rc=$?
