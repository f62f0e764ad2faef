# msrc M36 and M37: a folder here that stays.
. "$TESTS/msrc.sh"

run 'msrc M36: the folder is built, and not touched again' <<'X'
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" :
ls -F "$here/built"; cat "$here/built/motd"
look() { stat -c '%n %y %i' "$here/built"/*; }
look >"$here/before"
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" :
look | cmp - "$here/before" && echo the same
X
run 'what has changed is replaced; modes are set' <<'X'
echo other >"$here/built/conf"; echo mine >"$here/built/mine"
chmod 600 plain.txt; chmod 750 Makefile.host
ln "$here/built/conf" "$here/built/linked"
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" cat conf linked mine
stat -c '%a %n' "$here/built/plain.txt" "$here/built/Makefile"
X
run 'msrc M37: the status of the utility' <<'X'
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" false
X
run 'msrc M37: the status of words as they are, and of a signal' <<'X'
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" --argv sh -c 'exit 7'
echo $?
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" 'kill -9 $$' 2>/dev/null
X
run 'msrc M37: the current folder' <<'X'
mmsrc -C "$T" -E SHORT=beta -y INTO="$PWD" :
X
run 'msrc M37: nothing to make it in' <<'X'
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/nowhere/into" :
X
run 'msrc M37: nobody is elected' <<'X'
mmsrc -C "$T" -E SHORT=zeta -y INTO="$here/built" :
X
run 'a file that would be outside' <<'X'
echo up >../up.txt
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" -y SEND=././../up.txt :
X
run 'a mode that is remote' <<'X'
mmsrc -C "$T" -y MODE=remote -y INTO="$here/built" :
echo $?
mmsrc -l -C "$T" -E SHORT=beta -y MODE=remote -y INTO="$here/built" echo forced
X
run 'a folder in the place of a file' <<'X'
rm "$here/built/conf"; mkdir "$here/built/conf"
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" echo not
X
rmdir "$here/built/conf"
run 'make if nothing is said' <<'X'
printf 'all:\n\t@echo made for %s\n' SHORT >Makefile.host
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built"
X
run 'its standard input is ours' <<'X'
echo typed | mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" cat
X
run 'a target for the end' <<'X'
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" -m other: exit 3
X
