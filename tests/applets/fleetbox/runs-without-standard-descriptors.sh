name=$(fleetbox --list | head -n 1)
fleetbox "$name" --help <&- | head -n 1 | cut -d ' ' -f 1
fleetbox "$name" --help >&-
echo "stdout [$?]"
fleetbox no-such-command 2>&-
echo "stderr [$?]"
fleetbox "$name" --help <&- >&- 2>&-
echo "all [$?]"
# No file of ours may become a standard descriptor: links are still made, and
# what would be printed goes nowhere.
fleetbox --install bin <&- >&- 2>&-
[ -e "bin/$name" ] && echo "links are made"
