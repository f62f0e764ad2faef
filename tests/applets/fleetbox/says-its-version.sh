fleetbox --version | grep -c '^fleetbox [0-9][0-9.]*$'
name=xapply
fleetbox "$name" --version | sed "s/^$name /NAME /; s/[0-9][0-9.]*/N/"
