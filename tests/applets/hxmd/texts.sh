# Scenarios H36 to H52: what is made for a host, and how it is run.
. "$TESTS/fleet.sh"

run 'hxmd H36: a control that is a file' <<'X'
hxmd -P1 -C fleet.cf -F0 job.m4 data.txt | sed 's|:/.*/hxtf[^/]*/.*/data|:HOLD/data|'
X
run 'hxmd H37: a file for a command that names it' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta 'cat %1' data.txt
X
run 'hxmd H38: texts among the operands' <<'X'
hxmd -P1 -C fleet.cf -F3 -E SHORT=beta 'echo %2/%1' SHORT ARCH-CORES
X
run 'hxmd H39: the dicer' <<'X'
hxmd -P1 -C fleet.cf -F2 'echo %[1.$] %[1.1]' HOST
X
run 'hxmd H40: the last operands are texts' <<'X'
hxmd -P1 -C fleet.cf -F -2 -E SHORT=alpha job.m4 SHORT 'a b'
X
run 'hxmd H41: more texts than operands' <<'X'
hxmd -P1 -C fleet.cf -F4 'echo HOST'
X
run 'hxmd H41: a control that is not executable' <<'X'
hxmd -P1 -C fleet.cf -F0 data.txt
X
run 'hxmd H42: a text that gives up on one host' <<'X'
hxmd -P1 -C fleet.cf 'ifelse(SHORT,beta,`m4exit(9)'"'"')echo SHORT'
X
run 'hxmd H43: the same, and there is no other host' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta 'ifelse(SHORT,beta,`m4exit(9)'"'"')echo SHORT'
X
run 'hxmd H44: cache directories' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=alpha 'cat %1' cachedir
hxmd -P1 -C fleet.cf -E SHORT=alpha 'cat %1' cachedir/
hxmd -P1 -C fleet.cf -E SHORT=alpha 'cat %1' .alt
hxmd -P1 -C fleet.cf -E SHORT=beta 'cat %1' cachedir.host
X
run 'what a cache directory makes has the mode of its recipe' <<'X'
chmod 640 cachedir/Cache.m4
hxmd -P1 -C fleet.cf -E SHORT=alpha 'stat -c %%a %1' cachedir
X
run 'hxmd H45: a cache directory that has nothing for a host' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta -r 'HOST HXMD_STATUS' -K 'cat HXMD_0' \
  'cat %1' cachedir/ 2>err
echo $?
grep '^beta' err
grep -c 'host skipped' err
X
mkdir inc
echo 'define(`hi'"'"',`hello-SHORT'"'"')dnl' >inc/h.m4
run 'hxmd H46: what m4 includes' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta -I inc 'include(h.m4)echo hi'
hxmd -P1 -C fleet.cf -E SHORT=beta -j inc/h.m4 'echo hi'
X
run 'hxmd H47: -n lists commands' <<'X'
hxmd -P1 -C fleet.cf -n 'echo SHORT >ran'
ls ran
X
run 'hxmd H48: an empty control' <<'X'
{ echo 'HX_CMD=`echo default SHORT'"'"; cat fleet.cf; } >c.cf
hxmd -P1 -C c.cf ''
X
run 'hxmd H49: macros of the run' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta \
  'echo HXMD_U_SELECTED of HXMD_U_COUNT HXMD_PHASE HXMD_OPT_Z'
X
run 'hxmd H50: the lines of a host stay together' <<'X'
hxmd -C fleet.cf -P4 -s 'for i in 1 2 3; do echo SHORT; sleep 0.1; done' >lines
uniq -c lines | awk '{ print $1, $2 }' | sort
X
run 'hxmd H51: twenty hosts at once' <<'X'
seq 20 | sed 's/^/h/' >twenty.cf
begin=$(date +%s%N)
hxmd -P20 -C twenty.cf 'sleep 1'
end=$(date +%s%N)
[ $(((end - begin) / 1000000)) -lt 10000 ] && echo soon
X
run 'hxmd H52: a macro that calls itself without end' <<'X'
hxmd -P1 -C fleet.cf \
  'define(`again'"'"',`ifelse(SHORT,beta,`again(again)'"'"')'"'"')echo SHORT again'
X
