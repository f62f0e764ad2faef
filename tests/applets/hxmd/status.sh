# Scenarios H53 to H64: how commands ended, the merged file, the environment.
. "$TESTS/fleet.sh"

run 'hxmd H53: a list of statuses, and a command for it' <<'X'
hxmd -P1 -C fleet.cf -K 'sort HXMD_0' -r 'HXMD_STATUS SHORT' 'exit 1HXMD_U'
X
run 'hxmd H54: a command that reads the list' <<'X'
hxmd -P1 -C fleet.cf -K '|grep -c :' -r 'HOST:HXMD_STATUS' 'test SITE = lab -a SHORT != beta'
X
run 'hxmd H55: a command that is killed' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta -r HXMD_STATUS -K 'cat HXMD_0' 'kill -9 $$'
X
run 'hxmd H56: some hosts failed' <<'X'
hxmd -P1 -C fleet.cf 'test CORES -gt 5 2>/dev/null'
X
run 'hxmd H57: nobody is elected' <<'X'
hxmd -P1 -C fleet.cf -N 'echo nobody; exit 4' -E SHORT=zeta 'echo HOST'
X
run 'hxmd H58: the merged file' <<'X'
hxmd -P1 -C fleet.cf -o 'SHORT OWNER' -DVIA=x -D'!KEY=s3' -K 'cat HXMD_U_MERGED' :
X
run 'hxmd H59: the merged file with the key where it is asked for' <<'X'
hxmd -P1 -C fleet.cf -o 'OWNER HOST' -E SHORT=gamma 'cat HXMD_U_MERGED'
X
run 'hxmd H60: the merged file gives every value back' <<'X'
# A row for each value; what a value may be but for NUL, which no file holds.
printf 'A=x\n%%HOST V\n' >all.cf
n=0
add() { n=$((n + 1)); printf 'h%d "%s"\n' "$n" "$1" >>all.cf; }
i=1
while [ "$i" -lt 256 ]; do
  o=$(printf '%03o' "$i")
  for form in "\\$o" "a\\$o" "\\${o}a" "\\$o\\$o" "a\\${o}b\\140c\\047d" \
    "\\047x\\140\\$o" "\\\\\\$o\\042"; do add "$form"; done
  i=$((i + 1))
done
add ''
add .
add '. '
add "'x\`\`"
add '`'
add "'"
add '%'
add '#x'
add 'a=b'
hxmd -P1 -C all.cf -o V -K 'cp HXMD_U_MERGED merged.cf' : 2>/dev/null
efmd -C all.cf --json >one
efmd -C merged.cf --json >two
echo "$n values"
grep -v '^ *"A":' one >one.v
grep -c '"V"' two
cmp one.v two && echo same
X
run 'hxmd H61: options from the environment' <<'X'
HXMD='-P1 -C fleet.cf -E SHORT=beta' hxmd 'echo HOST'
X
run 'hxmd H62: HXMD_PASS comes first, and -z empties it' <<'X'
export HXMD=-DA=1 HXMD_PASS=-DA=2
hxmd -P1 -C fleet.cf -E SHORT=beta 'echo A "[$HXMD_PASS]"'
HXMD_PASS='-z -DA=2'
hxmd -P1 -C fleet.cf -E SHORT=beta 'echo A "[$HXMD_PASS]"'
X
run 'hxmd H63: quotes in the environment' <<'X'
export HXMD='-D"A=x y" -DB='"'"'$HOME'"'"''
hxmd -P1 -C fleet.cf -E SHORT=beta 'echo `A='"'"'A'
hxmd -P1 -C fleet.cf -E SHORT=beta "echo 'B'"
X
run 'hxmd H64: where tables are looked for' <<'X'
HXMD_PATH=/nowhere:$PWD hxmd -P1 -C fleet.cf -E SHORT=beta 'echo HOST'
HXMD_PATH=rel:/nowhere:$PWD hxmd -V
hxmd -P3 -5 -V | sed 1d
X
