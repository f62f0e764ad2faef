# -O - : all sections of a manager are one section of the enclosing one.
xclate -m -r -N '>n' -T '<%x>' -H '</%x>' sh -c '
  xclate -m -O - sh -c "echo 1 | xclate a; xclate b echo 2; exit 3"
  xclate -m -O - --group-name mine -T "(%x)" sh -c "echo 3 | xclate c"' </dev/null
tr '\0' '\n' <n
xclate -m -O - true; echo rc=$?
