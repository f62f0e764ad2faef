# A command that finds no memory says so in a line.
sh -c 'ulimit -v 60000; "$BIN" --version; exit $?' >/dev/null 2>&1 ||
  skip 'a sanitizer needs more room'
printf "define(\`a', \`a\`'a'a')a" >endless.m4
(
  ulimit -v 60000
  "$BIN" m4 -L 0 endless.m4 >/dev/null 2>said
  echo "exit $?"
)
grep fleetbox said
