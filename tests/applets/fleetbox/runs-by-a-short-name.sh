# fleetbox's own commands need not be said twice.
fleetbox key --help | head -n 1 | cut -d ' ' -f 1-2
fleetbox-key --help | head -n 1 | cut -d ' ' -f 1-2
key --help 2>/dev/null || echo "as a command of its own there is none"
