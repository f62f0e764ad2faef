# -V lists the stack from the innermost out, and what clients would use.
shown() { sed 's,/.*/xcl......,DIR,; s/fleetbox [0-9.]*/fleetbox N/'; }
xclate -V | shown
xclate -m -W '>&2' sh -c 'xclate -m sh -c "xclate -V >&2; xclate -1 -V >&2"; xclate -m -d xclate -V' </dev/null 2>&1 | shown
