. "$TESTS/fleet.sh"
run 'H01 values of three headers' <<'X'
efmd -C fleet.cf 'SHORT/SITE/ARCH'
X
run 'H02 quoted values' <<'X'
efmd -C fleet.cf OWNER
X
run 'H03 two files and their count' <<'X'
efmd -C fleet.cf:spare.cl 'HOST HXMD_B'
X
run 'H04 a file that only adds' <<'X'
efmd -C fleet.cf -X over.cf 'SHORT ARCH RACK HXMD_U_COUNT'
X
run 'H05 defaults' <<'X'
efmd -Z defs.cf -C fleet.cf 'SHORT CORES SITE POLICY'
X
run 'H06 keys in either case' <<'X'
efmd -C up.cl:fleet.cf -B2 'HOST SHORT'
X
run 'H07 the same file twice' <<'X'
efmd -C fleet.cf:fleet.cf -E SHORT=beta HXMD_B
X
run 'H08 another key' <<'X'
efmd -C fleet.cf -k SHORT 'SHORT HOST'
X
run 'H09 rows without a key' <<'X'
efmd -k TAGS -C fleet.cf TAGS
X
run 'H10 strings' <<'X'
cat >t.cf <<'T'
%HOST V
h1 "x\e\tz\101\8"
h2 `q`r's'
h3 .5
h4 . # c
T
efmd -C t.cf 'HOST "V"' | cat -A
X
run 'H11 a column that is dropped' <<'X'
printf '%s\n' '%HOST . X' 'k1 drop 1' >t.cf
efmd -C t.cf 'HOST X'
X
run 'H12 assignments and headers' <<'X'
printf '%s\n' X=1 '%HOST X' 'k1 2' k2 '%HOST Y' 'k3 4' >t.cf
efmd -C t.cf 'HOST X Y'
X
run 'H13 later rows add what is missing' <<'X'
printf '%s\n' k1 X=9 k1 X=8 k2 >t.cf
efmd -C t.cf 'HOST X'
X
run 'H14 one value too many' <<'X'
printf '%s\n' '%HOST X' 'k1 a' 'k2 a b' >t.cf
efmd -C t.cf -L
X
run 'H15 not a name' <<'X'
printf '%s\n' '%HOST 9A' >t.cf
efmd -C t.cf -L
X
run 'H15 a stray operator' <<'X'
printf '%s\n' '%HOST X Y' '=x' >t.cf
efmd -C t.cf -L
X
run 'H15 an extra field' <<'X'
printf '%s\n' '%HOST X' 'h1 k=v' >t.cf
efmd -C t.cf -L
X
run 'H16 a quote that is never closed' <<'X'
printf '%s\n' '%HOST X' 'h1 1' 'h2 `x' 'h3 2' >t.cf
efmd -C t.cf -L
X
run 'H17 a table that is missing' <<'X'
efmd -C nosuch.cf -L
X
run 'H18 a table from standard input' <<'X'
efmd -C - -E SHORT=beta -L <fleet.cf
X
run 'H19 standard input twice' <<'X'
efmd -C - -X - -L <fleet.cf
X
run 'H20 an unbalanced quote in a value' <<'X'
printf '%s\n' '%HOST V' "h1 \"Bo's\"" 'h2 x' >t.cf
efmd -C t.cf 'done HOST V'
X
run 'a default that is lost' <<'X'
printf '%s\n' 'P=1' '%HOST P' 'h1 2' >z.cf
efmd -Z z.cf -C fleet.cf -E SHORT=beta P
X
run 'a file of defaults that makes no hosts' <<'X'
printf '%s\n' 'P=1' 'new.example' >z.cf
efmd -Z z.cf -C fleet.cf -X ./z.cf 'HOST P'
X
run 'rows that lack columns' <<'X'
efmd -C over.cf -dM -L
printf '%s\n' '%HOST X Y' 'h1 1' >t.cf
efmd -C t.cf -dM -L
X
run 'a directory means its own table' <<'X'
mkdir d && cp spare.cl d/efmd.cf
efmd -C d -L
X
run 'a pipe with its length in front' <<'X'
mkfifo p && { echo +3; echo h1; echo h2; } >p &
while [ ! -p p ]; do :; done
efmd -C p -L
X
