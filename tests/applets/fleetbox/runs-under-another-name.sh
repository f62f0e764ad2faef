# A link NAME.COMMAND runs the command, which then calls itself NAME.
name=$(fleetbox --list | head -n 1)
ln -s "$BIN" "site.$name"
"./site.$name" --help | head -n 1 | cut -d ' ' -f 1-2
"./site.$name" --no-such-option 2>&1 | cut -d ' ' -f 1-2 | head -n 2
# A name that leads nowhere is fleetbox itself.
ln -s "$BIN" other
./other --version | sed 's/[0-9].*//'
