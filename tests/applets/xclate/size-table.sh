# xclate J24: the -L size table.
xclate -L '?' -V | head -7
xclate -L '?'; echo rc=$?
