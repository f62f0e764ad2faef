# xclate J7: -- skips the name; the name is then the client's process id.
xclate -m sh -c 'echo t | xclate -T %x --' </dev/null | sed 's/^[0-9][0-9]*$/PID/'
xclate -m sh -c 'echo t | xclate -T %x' </dev/null | sed 's/^[0-9][0-9]*$/PID/'
xclate -m sh -c 'xclate -T %x -- -- echo t; xclate -T %x k -- echo u; xclate -T %x -- k echo v' </dev/null |
  sed 's/^[0-9][0-9]*$/PID/'
