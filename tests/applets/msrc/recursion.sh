# msrc M42: each sub-directory by a run of its own, told by the host's script.
. "$TESTS/msrc.sh"

cat >Msrc.hxmd <<'X'
# For this level alone.
-z
-o "RSH_PATH ENTRY_DEFS ENTRY_LOGIN SSH SHORT"
-D!PRE_CMD="make -s -f ${2} DOWN_CFG=-C\ HXMD_U_MERGED LINTO=${1} THOST=HOST TINTO=${5} ${3}_descend"
X
cat >Msrc.mk <<'X'
INTO=tree
SUBDIR=one two
MAP=Makefile.host
SEND=plain.txt
remote_descend:
	@xapply 'cd %1 && msrc ${DOWN_CFG} -E HOST=${THOST} -y INTO=${TINTO}/%1 -- cat here' ${SUBDIR}
local_descend:
	@xapply 'cd %1 && mmsrc ${DOWN_CFG} -E HOST=${THOST} -y INTO=${LINTO}/%1 -- :' ${SUBDIR}
X
for d in one two; do
  mkdir $d
  printf 'INTO=wrong\n' >$d/Msrc.mk
  echo "$d of SHORT, [esyscmd(\`printf %s \"\$HXMD_PASS\$MMSRC_PASS\"')]" >$d/here.host
done

run 'msrc M42: hosts' <<'X'
msrc -P1 -C "$T" -u root find . | sort
sort -u "$here/far/log"
cd "$here/far" && find . -name .cache -prune -o -type f -print | sort
X
run 'msrc M42: local mode' <<'X'
msrc -l -P1 -C "$T" 'find . -type f | sort; cat two/here'
X
run 'msrc M42: mmsrc' <<'X'
mmsrc -C "$T" -E SHORT=beta -y INTO="$here/built" 'find . -type f | sort; cat one/here'
X
run 'msrc M42: a sub-directory that fails' <<'X'
echo 'm4exit(3)' >two/here.host
msrc -P1 -C "$T" -E SHORT=beta 'echo goes on'
X
