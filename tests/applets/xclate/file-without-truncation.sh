# xclate J11: a bare file name is opened without truncation.
printf '1234567\n' >o2
xclate -m -O o2 sh -c 'echo ab | xclate a' </dev/null
cat o2
