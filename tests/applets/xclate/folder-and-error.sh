# xclate J20: -D and -E.
here=$PWD
(cd / && xclate -m sh -c 'cd /usr; xclate -D k pwd; xclate k pwd' </dev/null)
xclate -m sh -c 'exec 2>e1; xclate -E k sh -c "echo to-manager >&2"' </dev/null 2>e2
cat e1 e2
# There is no command to give them to.
xclate -m sh -c 'echo x | xclate -I k' </dev/null
# A command that is named by a relative path is meant where the client is.
printf '#!/bin/sh\npwd\n' >prog; chmod +x prog
(cd / && xclate -m sh -c "cd $here; xclate -D k ./prog" </dev/null)
