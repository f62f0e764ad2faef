. "$TESTS/fleet.sh"
run 'H21 what must be set' <<'X'
efmd -C fleet.cf -B 'CORES,!OWNER' SHORT
efmd -C fleet.cf -B 'CORES & OWNER' SHORT
X
run 'H22 the number of files' <<'X'
efmd -C spare.cl:fleet.cf -B '!2' HOST
X
run 'H23 equal and not' <<'X'
efmd -C fleet.cf -E ARCH=amd64 SHORT
efmd -C fleet.cf -E 'ARCH!amd64' SHORT
X
run 'H24 numbers' <<'X'
efmd -C fleet.cf -B CORES -E 'CORES>=8' SHORT
efmd -C fleet.cf -B CORES -E '5<CORES' SHORT
efmd -C fleet.cf -B CORES -E 'CORES==2+2' SHORT
X
run 'numbers that are none: one line for all hosts' <<'X'
efmd -C fleet.cf -E 'CORES>=8' SHORT
efmd -C fleet.cf -E '!CORES>=8' SHORT
X
run 'H25 a minus and a call' <<'X'
efmd -C fleet.cf -E '-1!=index(SHORT,et)' SHORT
X
run 'H26 negated, and both sides expanded' <<'X'
efmd -C fleet.cf -E '!SITE=edge' -E ARCH=amd64 SHORT
efmd -C fleet.cf -E 'SHORT=translit(DELTA,A-Z,a-z)' SHORT
X
run 'H27 no repeats' <<'X'
efmd -C fleet.cf -G 'HOST beta.lab.example' SHORT
X
run 'H28 names that are no hosts' <<'X'
efmd -C fleet.cf -G "ifdef(\`TAGS',\`alpha.lab.example nowhere.example')" SHORT
X
run 'H29 guards together' <<'X'
efmd -C fleet.cf -E ARCH=amd64 -G HOST -G delta.edge.example SHORT
X
run 'H30 diverted guards are the order' <<'X'
efmd -C fleet.cf -G "divert(ifdef(\`CORES',\`eval(9-CORES)',9))HOST" SHORT
efmd -C fleet.cf -G "divert(ifdef(\`CORES',\`CORES',1))HOST" SHORT
X
run 'H31 left out by -B, whatever a guard says' <<'X'
efmd -C fleet.cf -B TAGS -G alpha.lab.example -L
X
run 'H32 text at the top' <<'X'
efmd -C fleet.cf -Y "define(\`want',\`amd64')dnl" -E ARCH=want SHORT
X
run 'H33 an election that fails' <<'X'
efmd -C fleet.cf -Y 'm4exit(4)' -L
efmd -C fleet.cf -Y 'm4exit(1)' -L
echo $?
efmd -C fleet.cf -Y 'include(nosuch)' -L
X
run 'H34 SHORT' <<'X'
efmd -C fleet.cf -E SHORT -L
X
run 'H34 F(x=1' <<'X'
efmd -C fleet.cf -E 'F(x=1' -L
X
run 'H34 A-B' <<'X'
efmd -C fleet.cf -B A-B -L
X
run 'H34 2x' <<'X'
efmd -C fleet.cf -B 2x -L
X
run 'H35 -D serves who lacks it' <<'X'
efmd -C fleet.cf -DSHORT=forced -E SHORT=beta SHORT
efmd -C fleet.cf -DTAGS=x -B TAGS SHORT
X
run 'values with commas are texts, too' <<'X'
efmd -C fleet.cf -E TAGS=dns,ntp SHORT
efmd -C fleet.cf -E TAGS=dns SHORT
X
run 'other quotes in the election' <<'X'
efmd -C fleet.cf -Y 'changequote([,])dnl' -E SHORT=beta SHORT
X
run 'what is left out, word by word' <<'X'
efmd -C fleet.cf -dBGL -B CORES -E ARCH=amd64 -G 'HOST zeta' -L
X
run 'nobody, and that is a mistake' <<'X'
efmd -C fleet.cf --strict -E SHORT=zeta -L
X
