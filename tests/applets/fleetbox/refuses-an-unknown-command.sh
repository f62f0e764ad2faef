# Code 127 is what a shell says, too; near names are suggested.
fleetbox no-such-thing-at-all
echo "[$?]"
name=$(fleetbox --list | head -n 1)
fleetbox "${name}x" 2>&1 | sed "s/$name/NAME/g"
fleetbox "$(printf 'a\033[2Jb')"
