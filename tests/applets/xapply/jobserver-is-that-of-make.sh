# --jobserver: xapply under make -j takes no more than make has to give, and
# gives it back.
. "$TESTS/fanout.sh"
cat >task <<'X'
mkdir "at.$$"
./await "n=\$(ls -d at.* 2>&1 | wc -l); echo \$n >>seen; [ \$n -ge ${1:-1} ] ||
  [ -e met ]" && touch met
rmdir "at.$$"
exit "${2:-0}"
X
cat >Makefile <<'X'
all: one two
one:
	+@xapply --jobserver=require -P8 'sh task $(MEET); : %1' 1 2 3 4 5 6 7 8
two: one
	+@xapply --jobserver=auto -P8 'sh task 1 1; : %1' 1 2 3
X
make -s -j3 MEET=3 2>err
echo "$?"
cat err
echo "$(sort -n seen | tail -n 1) at once"
# What was taken is there again after a run that was killed half way: make says
# so if it is not.
rm -f met seen
cat >Makefile <<'X'
all:
	+@timeout 1 xapply --jobserver=require -P8 './await "test -e no"; : %1' \
	  1 2 3 4 5 6 7 8; true
	+@xapply --jobserver=require -P8 'sh task 3; : %1' 1 2 3 4
X
make -s -j3 2>err
echo "$?"
grep -i token err
echo "$(sort -n seen | tail -n 1) at once"
run none <<'X'
xapply --jobserver=require 'echo' a; [ $? != 0 ] && echo refused
xapply --jobserver=auto 'echo' b
MAKEFLAGS='-j3 --jobserver-auth=97,98' xapply --jobserver=auto 'echo' c
MAKEFLAGS='-j3 --jobserver-auth=0,1' xapply --jobserver=off 'echo' d
X
