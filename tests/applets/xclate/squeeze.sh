# xclate J14: -s: empty sections vanish, rules included.
xclate -m -s -T 'T %x' -H 'H %x' sh -c 'true | xclate a; echo y | xclate b; xclate c true' </dev/null
xclate -m -T 'T %x' -H 'H %x' sh -c 'true | xclate -s a; true | xclate b; xclate -s -I c true; xclate -s -I d echo d' </dev/null
