# Alone and with --help it says the same: every command with its summary.
fleetbox >alone
echo "alone $?"
fleetbox --help >help
echo "help $?"
cmp alone help && sed -n '1,6p' alone
fleetbox --list >names
[ -s names ] && sort -c names && echo "names are sorted"
while read -r name; do
  summary=$("fleetbox" "$name" --help | sed -n '/^$/,$p' | sed -n 2p)
  grep -Eq "^  $name +$summary\$" alone || echo "not listed: $name"
done <names
