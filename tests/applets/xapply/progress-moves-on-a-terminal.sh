# --progress, --eta, --bar: a line that moves on a terminal, and is gone at the
# end; elsewhere nothing in a run as short as this.
. "$TESTS/fanout.sh"
command -v script >/dev/null || skip 'there is no script(1)'
# On a terminal: long enough for a line to be drawn while a task runs.
for option in --progress --eta --bar; do
  rm -f go screen
  TERM=xterm timeout 20 script -qefc "xapply $option '[ %1 != 2 ] ||
    ./await \"test -e go\"; exit %1' 0 1 2 3" screen >/dev/null 2>&1 &
  pid=$!
  await 'grep -q "/4 done" screen'
  touch go
  wait $pid
  tr '\r' '\n' <screen | grep -o '[0-9]/4 done, [0-9] failed' | tail -n 1 |
    grep -c 'done'
done
tr '\r' '\n' <screen | grep -c '^\[#*\.*\] [0-9]*%' | sed 's/[1-9][0-9]*/a bar/'
# Nothing of it is left on the screen.
tr '\r\033' '\n^' <screen | grep -q '^^\[K' && echo gone
echo -- not a terminal
xapply --progress 'echo' a 2>err
wc -c <err
