# --stderr=pass, merge, collate and drop.
. "$TESTS/fanout.sh"
for mode in pass merge drop; do
  run $mode <<X
xapply -m --stderr=$mode 'echo out %1; echo err %1 >&2; echo more %1' a b
X
done
# The sections of two tasks that write at the same time.
run collate <<'X'
xapply -m --stderr=collate -P2 'for i in 1 2 3; do echo err %1 $i >&2
touch %1$i; ./await "test -e a$i -a -e b$i"; done; echo out %1' a b 2>err >out
uniq -c err | awk '{ print $1 }'; cut -d ' ' -f 2 err | uniq | wc -l; sort out
X
run wrong <<'X'
xapply -m --stderr=maybe echo a
X
