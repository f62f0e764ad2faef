# -V lists the stack from the innermost out, and what clients would use.
shown() { sed 's,/.*/ptbd......,DIR,; s/fleetbox [0-9.]*/fleetbox N/'; }
ptbw -V | shown
ptbw -m sh -c 'ptbw -m sh -c "ptbw -V; ptbw -1 -V"; ptbw -m -d ptbw -V' | shown
