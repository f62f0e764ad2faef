cp "$BIN" box
./box --install new/bin
echo "[$?]"
./box --list >names
ls new/bin | cmp - names && echo "a link for each command"
for name in $(cat names); do
  [ new/bin/$name -ef box ] || echo "$name is no link"
  [ ! -h new/bin/$name ] || echo "$name is symbolic"
done
# Once more changes nothing.
./box --install new/bin
echo "[$?]"
ls new/bin | cmp - names
