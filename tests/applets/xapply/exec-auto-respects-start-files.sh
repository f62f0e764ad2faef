# A shell that would read a file before the command is not left out.
. "$TESTS/fanout.sh"
echo 'echo hook' >hook
if [ -x /bin/bash ]; then
  SHELL=/bin/bash BASH_ENV="$PWD/hook" xapply '/bin/echo' a
  SHELL=/bin/bash xapply -e BASH_ENV="$PWD/hook" '/bin/echo' b
  bash -c 'ls() { echo function; }; export -f ls
    SHELL=/bin/bash xapply "ls" c'
else
  printf 'hook\na\nhook\nb\nfunction\n'
fi
# One nobody knows always runs.
printf '#!/bin/sh\necho "shell got: $2"\n' >zsh; chmod +x zsh
SHELL="$PWD/zsh" xapply '/bin/echo' d
xapply -S ./zsh '/bin/echo' e
