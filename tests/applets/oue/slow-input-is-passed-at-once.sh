# oue U04: the first line of a slow stream is printed before the second comes,
# also with a state, and from a pipe among files.
. "$TESTS/lib.sh"
mkfifo in
oue <in >out &
exec 3>in
echo one >&3
await 'grep -qsx one out' && echo "oue U04: one is out"
echo one >&3
echo two >&3
await 'grep -qx two out' && echo "two is out"
exec 3>&-
wait $!
cat out

rm out # or the former one is looked at until the shell has emptied it
oue -D state - <in >out &
exec 3>in
echo one >&3
await 'grep -qsx one out' && echo "one is out, and in the state:"
oue -iI state </dev/null
exec 3>&-
wait $!

echo before >file
rm out
oue file in >out &
await 'grep -qsx before out' && echo "what comes before the pipe is out"
echo last >in
wait $!
cat out
