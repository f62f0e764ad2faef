# Depth is a matter of memory, not of stack.
ulimit -s 256
awk 'BEGIN {
  print "define(`f'\'', `$1'\'')dnl"
  for (i = 0; i < 200000; i++) printf "f("
  printf "deep"
  for (i = 0; i < 200000; i++) printf ")"
  print ""
}' | m4
echo 'define(`down'\'', `ifelse($1, 0, done, `down(decr($1))'\'')'\'')down(100000)' | m4
echo 'define(`up'\'', `ifelse($1, 0, 0, `incr(up(decr($1)))'\'')'\'')up(20000)' | m4
