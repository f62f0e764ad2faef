# The transport rsync, by a stand-in that says what it was asked for.
. "$TESTS/msrc.sh"

mkdir "$here/bin"
cat >"$here/bin/rsync" <<'X'
#!/bin/sh
echo "rsync $*" "[$RSYNC_RSH]"
for from do :; done
while [ $# -gt 2 ]; do shift; done
sed "s|^|$1 |" | sed 's|.*/hxtf[^ ]* |STAGE |'
[ "$1" = . ] || (cd "$1" && find . | sort)
exit ${FAIL:-0}
X
chmod +x "$here/bin/rsync"
run 'what it is asked for' <<'X'
PATH=$here/bin:$PATH msrc --transport rsync -C "$T" -E SHORT=beta -y 'INTO=in-to' : 2>&1 |
  sed 's|beta.lab|HOST|'
PATH=$here/bin:$PATH msrc --transport rsync -C "$T" -E SHORT=beta -y "INTO=it\\'s" \
  -y 'SEND=plain.txt ../app/notes.md' "echo ran" | sed "s|$here/hxtf[^ ]*|STAGE|"
X
run 'it fails' <<'X'
mkdir -p "$here/far/beta.lab.example/app"
FAIL=23 PATH=$here/bin:$PATH msrc --transport rsync -C "$T" -E SHORT=beta \
  -r HXMD_STATUS -K 'cat HXMD_0' echo not >/dev/null
X
