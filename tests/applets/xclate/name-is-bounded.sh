# xclate J8: a name of 64 bytes is refused, 63 is not.
n=012345678901234567890123456789012345678901234567890123456789012
xclate -m sh -c "echo a | xclate $n; echo b | xclate ${n}3; echo rc=\$?" </dev/null 2>&1
xclate -m sh -c 'echo a | xclate "a
b"; echo rc=$?' </dev/null 2>&1
