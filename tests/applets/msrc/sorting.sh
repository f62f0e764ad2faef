# msrc M01 to M11: what becomes of each name, and where it goes.
. "$TESTS/msrc.sh"

run 'msrc M01: what a recipe and a folder come to' <<'X'
msrc -d P -C "$T" -E SHORT=nobody :
X
run 'msrc M02: SEND is generated' <<'X'
msrc -d P -C "$T" -E SHORT=nobody -y SEND= : 2>&1 | sed -n '/^SEND/,/^INTO/p'
X
run 'msrc M03: an open SEND and a locked MAP' <<'X'
msrc -d P -C "$T" -E SHORT=nobody -y 'SEND=+++' -y MAP=. : 2>&1 |
  sed -n '/^SEND/,/^INTO/p; /^MAP/,/^HXI/p'
X
run 'msrc M04: a locked SUBDIR' <<'X'
msrc -d P -C "$T" -E SHORT=nobody -y SUBDIR=. : 2>&1 |
  sed -n '/^IGNORE/,/^MAP/p; /^SUBDIR/,/^HXI/p'
X
run 'msrc M05: a locked HXINCLUDE' <<'X'
msrc -d P -C "$T" -E SHORT=nobody -y HXINCLUDE=. -y SEND= : 2>&1 |
  sed -n '/^SEND/,/^INTO/p; /^HXI/,/^MODE/p'
HXMD_PASS=-DCOLOR=red msrc -C "$T" -E SHORT=beta -y HXINCLUDE=. -y SEND= \
  -DINIT_CMD='echo COLOR' :
X
echo up >../up.txt
mkdir -p "$here/a/b/c"
echo d >"$here/a/b/c/d.txt"
run 'msrc M06: names in other folders' <<'X'
msrc -C "$T" -E SHORT=beta -y SEND=../up.txt -y MAP=. ls
msrc -C "$T" -E SHORT=beta -y SEND="$here/a/b/./c/d.txt" -y MAP=. ls c
msrc -C "$T" -E SHORT=beta -y SEND=././../up.txt -y MAP=. ls
echo $?
msrc -C "$T" -E SHORT=beta -y SEND=././../up.txt -y MAP=. --transport rdist \
  -DSDIST='echo rdist' :
X
run 'a folder that would be outside' <<'X'
mkdir ../beside
msrc -C "$T" -E SHORT=beta -y SUBDIR=../beside :
X
run 'msrc M07: an open MAP' <<'X'
msrc -d P -C "$T" -E SHORT=nobody -y 'MAP=+++' -y SEND= : 2>&1 |
  sed -n '/^MAP/,/^SUBDIR/p'
X
run 'msrc M08: INTO below a folder of that name' <<'X'
msrc -d P -C "$T" -E SHORT=nobody -y INTO= : 2>&1 | sed -n '/^INTO/,/^IGN/p'
X
mkdir "$here/elsewhere"
run 'msrc M08: INTO elsewhere' <<'X'
cd "$here/elsewhere" && echo SEND= >Msrc.mk && msrc -C "$T" :
X
run 'msrc M09: several words' <<'X'
msrc -C "$T" -y 'INTO=a b c' :
X
run 'msrc M09: words that forbid' <<'X'
msrc -C "$T" -y 'INTO=_Set _it please' :
X
run 'msrc M10: the current folder' <<'X'
msrc -C "$T" -y INTO="$PWD" :
X
run 'msrc M11: a mode that is none' <<'X'
msrc -C "$T" -y MODE=bogus :
X
run 'msrc M11: a mode that is forbidden' <<'X'
msrc -l -C "$T" -y MODE=remote :
X
run 'two sources of one name' <<'X'
echo conf >conf
msrc -C "$T" -y 'SEND=conf plain.txt' :
rm conf
X
run 'a file that is not there' <<'X'
msrc -C "$T" -y 'SEND=nothing' :
X
