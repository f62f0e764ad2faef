# xclate I15: a client inside a section of its manager does not wait for it.
out() { timeout 20 "$@" </dev/null; echo rc=$?; }
out xclate -m sh -c 'xclate outer sh -c "echo before; echo in1 | xclate a; xclate b echo in2; echo after"'
out xclate -m sh -c 'xclate -s outer sh -c "echo before; echo in1 | xclate a; xclate -s b echo in2; echo after"'
# Titles of sections inside of sections.
out xclate -m -T '<%x>' -H '</%x>' sh -c 'xclate a sh -c "xclate b sh -c \"echo deep | xclate c\""'
# From inside a second manager, inside a section of the first.
out xclate -m sh -c 'xclate outer sh -c "echo before; xclate -m xclate -1 x echo out >&2; echo after"' 2>&1 | sort
# The manager's input is given inside, too.
echo line | timeout 20 xclate -m sh -c 'xclate a sh -c "xclate -I b cat" </dev/null'
# By another name for the same socket.
mkdir d
out xclate -m -u d/sock sh -c 'cd d; xclate -u ./sock a xclate -u ../d/sock b echo inside'
