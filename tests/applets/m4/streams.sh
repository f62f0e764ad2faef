# Standard input is read as it comes, and -i puts out what is ready before it
# waits for more.
. "$TESTS/lib.sh"
mkfifo in
m4 -i <in >out &
pid=$!
exec 3>in
echo 'define(`x'\'', `one'\'')x' >&3
await 'grep -q one out'
echo 'x two' >&3
await 'grep -q two out'
exec 3>&-
wait "$pid"
cat out
echo '--- a reader that goes away'
yes 'a line of text' | head -n 200000 | m4 | head -n 1
echo '--- output and that of commands are in order'
printf 'a\nsyscmd(`echo b'\'')c\nesyscmd(`echo d'\'')e\n' | m4
