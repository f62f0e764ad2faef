cp "$BIN" box
./box --install -s bin
echo "[$?]"
./box --list >names
ls bin | cmp - names && echo "a link for each command"
first=$(head -n 1 names)
[ "$(readlink "bin/$first")" = "$PWD/box" ] && echo "to the executable"
"bin/$first" --help | sed -n "1s/^usage: $first .*/it is that command/p"
# Beside a program of that name they lead to it, so that a folder can be moved.
mkdir there
cp box there/box
./box --install -s there
readlink "there/$first"
mv there moved
"moved/$first" --version >/dev/null && echo "still works"
