# What the page fleetbox(1) gives as examples.
fleetbox --list >names
[ -s names ] && echo "there are names"
fleetbox --install -s ~/bin
ls ~/bin | cmp - names && echo "a link for each"
fleetbox key --help | head -n 1 | cut -d ' ' -f 1-2
