# xclate J3: a section as a filter and as a command; the client exits 0.
xclate -m sh -c 'echo f | xclate one; xclate two sh -c "echo c; exit 9"; echo rc=$? >&2' </dev/null 2>err
cat err
# --status returns it.
xclate -m sh -c 'xclate --status two sh -c "echo c; exit 9"; echo rc=$? >&2
  xclate -s --status two sh -c "echo c; exit 8"; echo rc=$? >&2
  xclate --status two sh -c "kill -9 \$\$"; echo rc=$? >&2' </dev/null 2>err
cat err
