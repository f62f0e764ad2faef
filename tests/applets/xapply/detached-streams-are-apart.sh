# -md: the tasks' sections go to the innermost detached stream, past those of
# the stack; and where there is none, the run has a detached one of its own.
. "$TESTS/fanout.sh"
xclate -m -T 'stack %x' xclate -md -T 'detached %x' \
  xapply -md 'echo' a b
echo --- of its own
xclate -m -T 'stack %x' xapply -md -P1 'echo %1; test -S "$xcl_d" && echo has one' a
echo --- without -d
xclate -m -T 'stack %x' xclate -md -T 'detached %x' \
  xapply -m -P1 'echo' a b
