# xclate J10: -O sends the collated stream to a file, appended, or to a process.
xclate -m -O '>o1' sh -c 'echo one | xclate a' </dev/null
xclate -m -O '>>o1' sh -c 'echo two | xclate a' </dev/null
cat o1
xclate -m -O '|tr a-z A-Z' sh -c 'echo three | xclate a' </dev/null
xclate -m -O '>&5' sh -c 'echo four | xclate a; ls /proc/$$/fd | grep -c "^5$" >&2' </dev/null 5>o5
cat o5
xclate -m -O '>&9' true </dev/null; echo rc=$?
xclate -m -O '>&x' true </dev/null; echo rc=$?
xclate -m -O '>none/x' true </dev/null; echo rc=$?
ls
