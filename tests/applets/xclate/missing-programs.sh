# xclate J21: a missing utility or client program.
xclate -m nosuchprog </dev/null; echo rc=$?
xclate -m sh -c 'xclate k nosuchprog; echo rc=$?' </dev/null 2>&1
xclate -m -O '>made' nosuchprog </dev/null; ls
: >plain
xclate -m ./plain </dev/null; echo rc=$?
