# Clients that run at once inside one section keep their outputs apart.
. "$TESTS/lib.sh"
mkfifo gate
timeout 30 xclate -m sh -c '
  xclate outer sh -c "
    . \"\$TESTS/lib.sh\"
    (echo a1; read x <gate; echo a2) | xclate a &
    await \"grep -q a1 out\"
    (echo b1; echo b2; : >ready) | xclate b &
    await \"test -e ready\"
    echo x >gate
    wait"' </dev/null >out
cat out
