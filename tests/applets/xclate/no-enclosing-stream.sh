# xclate J1: without a manager there is nothing to be a section of.
echo x | xclate a; echo rc=$?
xclate a echo hi </dev/null; echo rc=$?
