# msrc M28: a target without room, and one where a file may not be replaced: the
# tree stays as it was, and the utility is not run.
. "$TESTS/msrc.sh"
unshare -m true 2>/dev/null || skip 'no mount namespaces here'
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=a b sub/c d e\n' >Msrc.mk
mkdir sub
for f in a b sub/c d e; do echo old >$f; done
far=$here/far/beta.lab.example
mkdir -p "$far"
export far
run 'msrc M28: no room while it is staged' <<'X'
unshare -m sh -c '
  mount -t tmpfs -o size=8m tmpfs $far || { echo "no tmpfs"; exit; }
  msrc -C "$T" -E SHORT=beta :
  for f in a b; do echo new >$f; done
  head -c 12000000 /dev/urandom >e
  msrc -C "$T" -E SHORT=beta echo not 2>&1 | sed "s/apply: .*: /apply: ...: /"
  cd $far/app && cat a b sub/c d; wc -c <e; ls -A; find .. -name ".msrc-*"'
X
for f in a b sub/c d e; do echo old >$f; done
run 'msrc M28: one of five may not be replaced' <<'X'
msrc -C "$T" -E SHORT=beta :
for f in a b sub/c d e; do echo new >$f; done
if [ "$(id -u)" = 0 ]; then
  chattr +i $far/app/sub/c 2>/dev/null || mount --bind $far/app/sub/c $far/app/sub/c
else
  chmod 500 $far/app/sub
fi
msrc -C "$T" -E SHORT=beta echo not 2>&1 | sed 's/: beta.*//'
cat $far/app/a $far/app/b $far/app/sub/c $far/app/d $far/app/e
find $far -name '.msrc-*'
if [ "$(id -u)" = 0 ]; then
  chattr -i $far/app/sub/c 2>/dev/null || umount $far/app/sub/c
else
  chmod 700 $far/app/sub
fi
msrc -C "$T" -E SHORT=beta 'cat a b sub/c d e'
X
