# msrc M14: the target for the end, and the macros, by BSD make.
. "$TESTS/msrc.sh"
bmake=$(command -v bmake) || skip 'there is no bmake'
mkdir "$here/bin"
ln -s "$bmake" "$here/bin/make"
PATH=$here/bin:$PATH
cat >Msrc.mk <<'R'
INTO=app
SEND=`echo plain.txt`
prep:
	@echo prepared >&2
__msrc: prep
__clean:
	@echo clean $(MSRC_EXITCODE)
R
run 'msrc M14: a target for the end' <<'R'
msrc -C "$T" -m __msrc: 'cat plain.txt; exit 3'
R
