# A client that serves a stream of its own manager would wait for itself; it
# copies instead.
timeout 20 xclate -m -W '|xclate k' sh -c 'echo widow' </dev/null; echo rc=$?
timeout 20 xclate -m -N '|xclate k tr "\000" "\n"' xclate name true </dev/null; echo rc=$?
