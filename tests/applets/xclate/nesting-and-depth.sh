# xclate J15: nested managers, and -DEPTH to reach the outer ones.
xclate -m -T 'o.%x' sh -c 'xclate -m -T "i.%x" sh -c "echo 1|xclate a; echo 2|xclate -1 -T p.%x b; echo 3 | xclate -0 c; echo 4 | xclate -7 d"; echo 5|xclate e' </dev/null 2>err; echo rc=$?
grep -v requested err
grep requested err
