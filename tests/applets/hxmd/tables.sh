# Scenarios H01 to H20: tables and how their rows are joined.
. "$TESTS/fleet.sh"

run 'hxmd H01: attributes of the fleet' <<'X'
hxmd -P1 -C fleet.cf 'echo SHORT/SITE/ARCH'
X
run 'hxmd H02: a dot, a tab, an attribute that is not set' <<'X'
hxmd -P1 -C fleet.cf 'echo OWNER'
X
run 'hxmd H03: two files count how often they mention a host' <<'X'
hxmd -P1 -C fleet.cf:spare.cl 'echo HOST HXMD_B'
X
run 'hxmd H04: -X adds to hosts, and adds no hosts' <<'X'
hxmd -P1 -C fleet.cf -X over.cf 'echo SHORT ARCH RACK HXMD_U_COUNT'
X
run 'hxmd H05: -Z gives defaults' <<'X'
hxmd -P1 -Z defs.cf -C fleet.cf 'echo SHORT CORES SITE POLICY'
X
run 'hxmd H06: keys are the same in either case' <<'X'
hxmd -P1 -C up.cl:fleet.cf -B2 'echo HOST SHORT'
X
run 'hxmd H07: a file that is listed twice counts twice' <<'X'
hxmd -P1 -C fleet.cf:fleet.cf -E SHORT=beta 'echo HXMD_B'
X
run 'hxmd H08: another key' <<'X'
hxmd -P1 -C fleet.cf -k SHORT 'echo SHORT HOST'
X
run 'hxmd H09: rows without a key are left out' <<'X'
hxmd -P1 -k TAGS -C fleet.cf 'echo TAGS'
X
run 'hxmd H10: quotes and escapes of values' <<'X'
cat >v.cf <<'T'
%HOST V
h1 "x\e\tz\101\8"
h2 `q`r's'
h3 .5
h4 . # c
T
hxmd -P1 -C v.cf 'echo HOST "V"'
X
run 'hxmd H11: a column that is dropped' <<'X'
printf '%%HOST . X\nk1 drop 1\n' >v.cf
hxmd -P1 -C v.cf 'echo HOST X'
X
run 'hxmd H12: a header unsets its columns' <<'X'
printf 'X=1\n%%HOST X\nk1 2\nk2\n%%HOST Y\nk3 4\n' >v.cf
hxmd -P1 -C v.cf 'echo HOST X Y'
X
run 'hxmd H13: a later row adds what is missing' <<'X'
printf 'k1\nX=9\nk1\nX=8\nk2\n' >v.cf
hxmd -P1 -C v.cf 'echo HOST X'
X
run 'hxmd H14: one value too many' <<'X'
printf '%%HOST V\nh1 a b\n' >v.cf
hxmd -P1 -C v.cf 'echo HOST'
X
run 'hxmd H15: a header that names no macro' <<'X'
printf '%%HOST 9A\n' >v.cf
hxmd -P1 -C v.cf 'echo HOST'
X
run 'hxmd H15: a stray operator' <<'X'
printf '=x\n' >v.cf
hxmd -P1 -C v.cf 'echo HOST'
X
run 'hxmd H15: an extra field' <<'X'
printf '%%HOST V\nh1 k=v\n' >v.cf
hxmd -P1 -C v.cf 'echo HOST'
X
run 'hxmd H16: a quote that is not closed' <<'X'
printf 'k0\nX=`open\nk1\n' >v.cf
hxmd -P1 -C v.cf 'echo HOST'
X
run 'hxmd H17: a table that is missing' <<'X'
hxmd -P1 -C nowhere.cf -N 'echo nobody' 'echo HOST'
X
run 'hxmd H17: operands that are missing' <<'X'
hxmd -P1 -C fleet.cf -N 'echo nobody' 'echo HOST' nowhere.txt nor.here
X
run 'hxmd H18: a table on standard input' <<'X'
hxmd -P1 -C - -E SHORT=beta 'echo HOST; cat' <fleet.cf
X
run 'hxmd H19: standard input is read once' <<'X'
hxmd -C - -X - 'echo HOST' <fleet.cf
X
run 'hxmd H20: a value with one quote' <<'X'
cp fleet.cf v.cf
printf '%%HOST SHORT OWNER\nphi.lab.example phi "Bo'\''s"\n' >>v.cf
hxmd -P1 -C v.cf 'echo done SHORT'
X
