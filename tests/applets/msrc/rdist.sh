# msrc M41: the classic transport.
. "$TESTS/msrc.sh"

# Keeps its arguments, and each distfile that it gets.
cat >"$here/stub" <<'X'
echo "rdist $*"
while [ $# -gt 1 ]; do
  [ "$1" != -f ] || cp "$2" "$here/distfile"
  shift
done
[ "$1" != "${FAIL:-}" ] || exit 9
X
chmod +x "$here/stub"
mkdir -p "$here/far/beta.lab.example/app" "$here/far/beta/app"

run 'msrc M41: three runs, and what they are told' <<'X'
msrc -C "$T" -E SHORT=beta -DSDIST="sh $here/stub -f" echo ran
cat "$here/distfile"
X
run 'msrc M41: no folders, no files' <<'X'
msrc -C "$T" -E SHORT=beta -DSDIST="sh $here/stub -f" -y SUBDIR=. :
msrc -C "$T" -E SHORT=beta -DSDIST="sh $here/stub -f" -y SUBDIR=. -y SEND=. -y MAP=. :
X
for label in myself dirs files; do
  export label
  run "msrc M41: $label fails" <<'X'
FAIL=$label msrc -C "$T" -E SHORT=beta -DSDIST="sh $here/stub -f" \
  -r HXMD_STATUS -K 'cat HXMD_0' echo not
X
done
run 'the parts of the command' <<'X'
msrc -C "$T" -E SHORT=beta -DRDIST_PATH="$here/stub" -DRSH_CMD=/bin/rsh \
  -DRDISTD_PATH=/usr/libexec/rdistd -y SUBDIR=. -y MAP=. :
msrc -C "$T" -E SHORT=beta -DRDIST_PATH="$here/stub" -DRSH_CMD=/bin/rsh \
  -DRSH_PATH=/bin/ssh2 -y SUBDIR=. -y SEND=. -y MAP=. :
X
run 'a program that is not here' <<'X'
msrc -C "$T" -DRDIST_PATH=/nowhere/rdist ls plain.txt
msrc --strict -C "$T" -DRDIST_PATH=/nowhere/rdist ls plain.txt
X
run 'a transport that is none' <<'X'
msrc -C "$T" -E SHORT=beta -DTRANSPORT=pigeon :
X
run 'names that mean something to rdist' <<'X'
touch 'a;b' 'c(d)' '$e' '#f'
ln -s a.b 'dangling'
msrc -C "$T" -E SHORT=beta -DSDIST="sh $here/stub -f" -y SEND= \
  -y SUBDIR=. : 2>&1 >/dev/null | grep link
sed -n '/^files/,$p' "$here/distfile"
X
cat >"$here/two.cf" <<'E2'
SSH="sh HERE/far_ssh"
%HOST	SHORT	TRANSPORT	SDIST
alpha	alpha	.	.
beta	beta	rdist	"sh HERE/stub -f"
gamma	gamma	tar	.
E2
sed -i "s|HERE|$here|" "$here/two.cf"
run 'hosts of several transports' <<'X'
msrc -P1 -C "$here/two.cf" -y SUBDIR=. pwd
cd "$here/far" && ls -d */app/*
X
