# Whenever it is killed, what was printed is in the state, and the next run
# prints the rest.
. "$TESTS/lib.sh"
command -v strace >/dev/null || skip 'there is no strace'
printf 'a\nb\nc\n' >one
printf 'c\nd\ne\n' >two
for at in 1 2 3 4; do
  for call in fdatasync write ftruncate; do
    rm -f state
    strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$at \
      oue -c -R %k -D state one >out 2>/dev/null
    oue -c -R %k -D state one two >>out 2>err || cat err
    # Printed twice: never. Lost: only what was stored, and then all of it.
    sort out | uniq -d
    oue -iI state </dev/null | sort | tr '\n' ' ' | grep -qx 'a b c d e ' ||
      echo "$call $at: $(oue -iI state </dev/null | tr '\n' ' ')"
  done
done
echo done
