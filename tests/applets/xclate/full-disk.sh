# A full disk is said, and exits 74.
xclate -m -O '>/dev/full' sh -c 'echo 1 | xclate a; echo client=$? >&2; echo 2 | xclate b; xclate -T t c true' </dev/null; echo rc=$?
xclate -m sh -c 'echo 1 | xclate a' </dev/null >/dev/full; echo rc=$?
xclate -m -W '>/dev/full' sh -c 'echo stray; echo 1 | xclate a' </dev/null; echo rc=$?
