# --jobserver: make and clients of the pool take the same tokens, each once.
. "$TESTS/lib.sh"
command -v make >/dev/null || skip 'there is no make'
cat >Makefile <<'M'
all: $(shell seq 20)
together: one two three $(shell seq 20)
one two three:
	@: >up.$@; . "$$TESTS/lib.sh"; await 'test -e up.one -a -e up.two -a -e up.three'
$(shell seq 20):
	@mkdir at.$$$$; set -- at.*; echo $$# >>seen; rmdir at.$$$$
M
most() { sort -n seen | tail -n 1; rm seen; }
ptbw -m -J3 --jobserver make -s together; echo rc=$?
[ $(most) -le 3 ] && echo three at most
echo "-- what is idle can be had by clients, what they hold not by make"
cat >script <<'S'
. "$TESTS/lib.sh"
ptbw --try -R2 true; echo rc=$?
ptbw --try -R3 true; echo rc=$?
ptbw -R2 make -s
S
ptbw -m -J3 --jobserver sh script
most
echo "-- a client waits for what make has"
cat >Makefile <<'M'
all: one two
one:
	@. "$$TESTS/lib.sh"; : >held; await 'test -e go'
two:
	@. "$$TESTS/lib.sh"; await 'test -e go'
M
cat >script <<'S'
. "$TESTS/lib.sh"
make -s & m=$!
await 'test -e held'
ptbw -A echo got & c=$!
await 'ls -l /proc/'$c'/fd | grep -q socket'
: >go
wait $c; wait $m; echo rc=$?
ptbw | tail -n +4 | wc -l
S
ptbw -m -J2 --jobserver sh script | sed 's/got [01]/got one/'
ptbw -m --jobserver :; echo rc=$?
echo "-- by a FIFO, where make knows them"
mkdir fake
printf '#!/bin/sh\necho GNU Make 4.4.1\n' >fake/make
chmod +x fake/make
rm -rf seen at.*
PATH=$PWD/fake:$PATH ptbw -m -J3 --jobserver sh -c 'echo $MAKEFLAGS | sed "s,/.*/,DIR/,"
  xapply --jobserver=require -P8 "mkdir at.%u; set -- at.*; echo \$# >>seen; rmdir at.%u; : %1" $(seq 20)
  ptbw --try -R2 -A echo got'
[ $(most) -le 3 ] && echo three at most
