# With few descriptors fewer tasks run at once, and all of them run.
. "$TESTS/fanout.sh"
seq 300 >items
(ulimit -n 64; xapply -f -m -P60 'echo %1; echo err >&2' items 2>err | sort -n |
  cmp - items && echo collated)
# It may say so, once.
[ "$(grep -vc '^err$' err)" -le 1 ] && echo quiet
(ulimit -n 64; xapply -f -m -P60 --stderr=collate 'echo %1' items 2>/dev/null |
  sort -n | cmp - items && echo both)
(ulimit -n 64; xapply -f -P200 '/bin/echo' items 2>/dev/null |
  sort -n | cmp - items && echo plain)
