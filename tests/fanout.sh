# For black-box tests of xapply, xclate and ptbw: . "$TESTS/fanout.sh"
#
#   run NAME <<'X'    a script as a user would type it; prints NAME, its standard
#                     output, its standard error behind "2> ", and its exit code
#                     if it is not 0. The wording of our own messages is left
#                     out: "2> xapply: ..." is one message
#   ./await CONDITION like await of lib.sh, for the commands that are run
#   marked            names the processes that are left of COMMAND in
#                     env MARK="$PWD" COMMAND
#
# There are items in f3, f2, nonl, none, z3, tags and svc.
. "$TESTS/lib.sh"

printf 'alpha\nbeta\ngamma\n' >f3
printf 'one\ntwo\n' >f2
printf 'p\nq' >nonl
: >none
printf 'n 1\0n\n2\0n3' >z3
printf '# pool\nred\ngreen\n\nblue\n' >tags
printf '%s\n' web01.example.net:8443:front,blue \
  db02.example.org:5432:back,green >svc
cat >await <<'X'
#!/bin/sh
n=0
until eval "$1" >/dev/null 2>&1; do
  n=$((n + 1))
  [ $n -le 1000 ] || { echo "not in 20 s: $1" >&2; exit 1; }
  sleep 0.02
done
X
chmod +x await

run() {
  echo "$1"
  run_script=$(cat)
  sh -c "$run_script" </dev/null 2>.run.err
  run_code=$?
  # What a shell says of a child that was killed is the shell's own.
  sed -E -e '/^usage: /d' -e '/^       (xapply|xclate|ptbw)( |$)/d' \
    -e 's/^(xapply|xclate|ptbw): .*/\1: .../' -e 's/^/2> /' .run.err
  [ $run_code = 0 ] || echo "exit $run_code"
}

marked() {
  for marked_file in $(grep -lsz "^MARK=$PWD\$" /proc/[0-9]*/environ); do
    tr '\0' ' ' <"${marked_file%environ}cmdline" 2>/dev/null && echo
  done
}
