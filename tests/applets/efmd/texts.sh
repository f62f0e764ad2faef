. "$TESTS/fleet.sh"
run 'E02 a line for each host' <<'X'
efmd -C fleet.cf 'SHORT ARCH'
X
run 'E03 the header alone' <<'X'
efmd -C fleet.cf -T HXMD_OPT_C dnl
X
run 'E04 no newlines' <<'X'
efmd -C fleet.cf -n 'SHORT '
echo '|'
X
run 'E05 a file, in table order' <<'X'
efmd -F0 -C fleet.cf data.txt
X
run 'E06 one total' <<'X'
cat >total.m4 <<'M4'
ifdef(`TOTAL',,`define(`TOTAL',0)m4wrap(`TOTAL
')')dnl
ifdef(`CORES',`define(`TOTAL',eval(TOTAL+CORES))')dnl
M4
efmd -F0 -C fleet.cf total.m4
X
run 'diversions sort' <<'X'
efmd -C fleet.cf -n "divert(ifdef(\`CORES',CORES,9))SHORT
divert(0)"
X
run 'several operands, texts on the left' <<'X'
efmd -F2 -C fleet.cf -E SHORT=beta 'HXMD_C: SHORT' 'U=HXMD_U of HXMD_U_SELECTED' data.txt
X
run 'texts on the right' <<'X'
efmd -F-1 -C fleet.cf -E SHORT=beta data.txt SHORT
X
run 'more texts than operands' <<'X'
efmd -F4 -C fleet.cf HOST
X
run 'every missing file is named' <<'X'
efmd -F0 -C fleet.cf nosuch data.txt other
X
run 'an operand from standard input' <<'X'
echo '<SHORT>' | efmd -F0 -C fleet.cf -E ARCH=amd64 -
X
run 'a pipe is read once' <<'X'
mkfifo pipe
echo '<SHORT>' >pipe &
efmd -F0 -C fleet.cf pipe
X
run 'nothing to do' <<'X'
efmd -C fleet.cf
X
run 'an error in a text' <<'X'
efmd -C fleet.cf -E SHORT=beta 'include(nosuch)SHORT'
X
run 'm4exit' <<'X'
efmd -C fleet.cf "SHORT ifelse(SHORT,beta,\`m4exit(7)')"
X
run 'syscmd stands where it is' <<'X'
efmd -C fleet.cf -E ARCH=amd64 'a syscmd(echo SHORT)b'
X
run 'a macro that calls itself without end' <<'X'
efmd -C fleet.cf -E SHORT=beta 'define(loop_,loop_(loop_))loop_' 2>err
echo "$?"
cat err
X
