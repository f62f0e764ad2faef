# Scenarios H21 to H35: who is elected, and in what order.
. "$TESTS/fleet.sh"

run 'hxmd H21: -B asks for attributes that are set, or not' <<'X'
hxmd -P1 -C fleet.cf -B 'CORES,!OWNER' 'echo SHORT'
hxmd -P1 -C fleet.cf -B 'CORES & OWNER' 'echo SHORT'
X
run 'hxmd H22: -B counts files' <<'X'
hxmd -P1 -C spare.cl:fleet.cf -B '!2' 'echo HOST'
X
run 'hxmd H23: -E compares texts' <<'X'
hxmd -P1 -C fleet.cf -E ARCH=amd64 'echo SHORT'
echo and
hxmd -P1 -C fleet.cf -E ARCH!amd64 'echo SHORT'
X
run 'hxmd H24: -E compares numbers' <<'X'
hxmd -P1 -C fleet.cf -B CORES -E 'CORES>=8' 'echo SHORT'
hxmd -P1 -C fleet.cf -B CORES -E '5<CORES' 'echo SHORT'
hxmd -P1 -C fleet.cf -B CORES -E 'CORES==2+2' 'echo SHORT'
X
run 'hxmd H25: -E with a macro that takes arguments, and a minus' <<'X'
hxmd -P1 -C fleet.cf -E '-1!=index(SHORT,et)' 'echo SHORT'
X
run 'hxmd H26: -E negated, and two of them' <<'X'
hxmd -P1 -C fleet.cf -E '!SITE=edge' -E ARCH=amd64 'echo SHORT'
echo and
hxmd -P1 -C fleet.cf -E 'SHORT=translit(DELTA,A-Z,a-z)' 'echo SHORT'
X
run 'hxmd H27: a guard that names hosts again' <<'X'
hxmd -P1 -C fleet.cf -G 'HOST beta.lab.example' 'echo SHORT'
X
run 'hxmd H28: a guard that names another host, and none' <<'X'
hxmd -P1 -C fleet.cf \
  -G 'ifdef(`TAGS'"'"',`alpha.lab.example nowhere.example'"'"')' 'echo SHORT'
X
run 'hxmd H29: guards are alternatives, tests are all' <<'X'
hxmd -P1 -C fleet.cf -E ARCH=amd64 -G HOST -G delta.edge.example 'echo SHORT'
X
run 'hxmd H30: a guard that sorts' <<'X'
hxmd -P1 -C fleet.cf -G 'divert(ifdef(`CORES'"'"',`eval(9-CORES)'"'"',9))HOST
divert(0)dnl' 'echo SHORT'
X
run 'hxmd H31: who fails -B is elected by nobody' <<'X'
hxmd -P1 -C fleet.cf -B TAGS -G alpha.lab.example 'echo SHORT'
X
run 'hxmd H32: -Y is in front' <<'X'
hxmd -P1 -C fleet.cf -Y 'define(`want'"'"',`amd64'"'"')dnl' -E ARCH=want \
  'echo SHORT'
X
run 'hxmd H33: m4exit in the election' <<'X'
hxmd -P1 -C fleet.cf -Y 'm4exit(4)' 'echo SHORT'
X
run 'hxmd H34: -E without an operator' <<'X'
hxmd -P1 -C fleet.cf -E SHORT 'echo SHORT'
X
run 'hxmd H34: -E with an open parenthesis' <<'X'
hxmd -P1 -C fleet.cf -E 'F(x=1' 'echo SHORT'
X
run 'hxmd H34: -B with another character' <<'X'
hxmd -P1 -C fleet.cf -B A-B 'echo SHORT'
X
run 'hxmd H34: -B with a name that begins with a digit' <<'X'
hxmd -P1 -C fleet.cf -B 2x 'echo SHORT'
X
run 'hxmd H35: -D is no attribute' <<'X'
hxmd -P1 -C fleet.cf -DSHORT=forced -E SHORT=beta 'echo SHORT'
hxmd -P1 -C fleet.cf -DTAGS=x -B TAGS 'echo SHORT'
X
