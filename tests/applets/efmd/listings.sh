. "$TESTS/fleet.sh"
run 'JSON' <<'X'
efmd -C fleet.cf -B TAGS --json
efmd -C fleet.cf -E SHORT=nobody --json
X
run 'CSV' <<'X'
efmd -C fleet.cf --csv
X
run 'CSV of some attributes' <<'X'
printf '%s\n' '%HOST X Y' 'h1 `say "hi"'\'' "a\nb"' 'h2 `'\'' .' >t.cf
efmd -C t.cf -o 'Y X' --csv
X
run 'columns' <<'X'
efmd -C fleet.cf -o 'SHORT OWNER' --table
X
run 'two answers at once' <<'X'
efmd -C fleet.cf --json --csv
X
run 'an answer and an operand' <<'X'
efmd -C fleet.cf --json HOST
X
