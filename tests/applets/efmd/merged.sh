. "$TESTS/fleet.sh"
run 'H58 the merged file' <<'X'
efmd -C fleet.cf -o 'SHORT OWNER' -DVIA=x -D'!KEY=s3' | cat -A
X
run 'H59 the key among the words' <<'X'
efmd -C fleet.cf -o 'OWNER HOST' -E SHORT=gamma | cat -A
X
run 'its name in a text' <<'X'
efmd -C fleet.cf -o SHORT -o ARCH -E SHORT=beta 'undivert(HXMD_U_MERGED)dnl' | cat -A
X
run 'several names in a column' <<'X'
efmd -C fleet.cf -o 'SHORT+ARCH 9LIVES' | cat -A
X
# H60: what is written is read back.
run 'H60 every byte' <<'X'
{
  echo '%HOST A B C D E F G'
  printf 'h1 "%s" "%s" `%s'\'' "%s" "" ``'\'\'' "%%x"\n' \
    '\001\037\177\377\033' ' !\"#$%&'\''()*+,-./:;<=>?@[\\]^_`{|}~' \
    'a `nested'\'' b' "'x\`"
  printf 'h2 "\\n" "\\t" "." ".x" "a\\nb" . "#x"\n'
} >in.cf
efmd -C in.cf -o 'A B C D E F G' >out.cf
efmd -C in.cf --json >in.json
efmd -C out.cf --json >out.json
cmp in.json out.json && echo same
efmd -C out.cf -o 'A B C D E F G' | cmp - out.cf && echo stable
grep -c HOST in.json
X
