# xclate J12: -N gets each finished name with a NUL, -r puts the status first.
xclate -m -r -N '>n1' sh -c 'xclate a true; xclate b sh -c "exit 5"; (exit 3) | xclate c; xclate d sh -c "kill -9 \$\$"' </dev/null
tr '\0' '\n' <n1
xclate -m -r -N '>n1' sh -c 'xclate -s a true; xclate -s b sh -c "exit 5"; xclate -w c sh -c "exit 6"' </dev/null
tr '\0' '\n' <n1
xclate -m -r sh -c 'xclate a true' </dev/null
