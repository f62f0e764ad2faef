# -v says what is run, -n runs nothing.
xclate -m -v -O '>o' sh -c 'echo "two words" | xclate -v a; xclate -v b echo "two words"' </dev/null 2>&1 |
  sed 's,/.*/xcl......,DIR,'
cat o
xclate -m -n -O '>never' rm -r o </dev/null; echo rc=$?
xclate -m sh -c 'xclate -n k rm o' </dev/null
ls
