cp "$BIN" box
first=$(./box --list | head -n 1)
last=$(./box --list | tail -n 1)
mkdir bin
echo theirs >"bin/$first"
./box --install bin 2>&1 | sed "s/$first/FIRST/"
./box --install -s bin >/dev/null 2>&1
echo "[$?]"
cat "bin/$first"
# A link that leads to an older one, or nowhere, is replaced.
rm "bin/$first"
ln -s /nowhere/box "bin/$first"
./box --install -s bin
echo "[$?]"
[ "bin/$first" -ef box ] && [ "bin/$last" -ef box ] && echo "links of ours"
