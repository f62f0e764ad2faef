# A line that is cut in the middle of contents: what has come is left there, in no
# other place than a folder of ours, and the next run sends only the rest.
. "$TESTS/msrc-ssh.sh"
real_hosts h1
export T
app=$here/far/h1/app
export app
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk
cat >"$here/phase" <<'X'
msrc -C "$T" --retries 0 "$@" 2>&1 | sed -n 's/^msrc: \(status [0-9]*, [a-z]*: h1\).*/\1/p'
X
msrc -C "$T" : 2>/dev/null
# How much a run has sent, and whether that is much.
cat >"$here/sent" <<'X'
sent=$(msrc -C "$T" --retries 0 --report json "$@" 2>/dev/null | sed -n 's/.*"sent_bytes":\([0-9]*\),.*/\1/p')
test "$sent" -lt 11000000 && echo some || echo all
X
run 'cut in the middle: what has come is not sent again' <<'X'
mkdir set
for n in 1 2 3 4; do head -c 1000000 /dev/urandom >set/$n; done
head -c 12000000 /dev/urandom >set/long
find set -type f -exec sha256sum {} + | sort >$here/sums
echo 'in 8000' >$here/ssh/lines/h1
sh $here/phase --no-sync -y SEND='set/*' echo not
rm $here/ssh/lines/h1
ls $app
sh $here/sent --no-sync -y SEND='set/*' :
cd $app && find set -type f -exec sha256sum {} + | sort | cmp - $here/sums && echo whole
X
left h1
run 'cut in the middle, in a folder that was to be made' <<'X'
echo 'in 8000' >$here/ssh/lines/h1
sh $here/phase --no-sync -y SEND='set/*' -y INTO=a/b echo not
rm $here/ssh/lines/h1
sh $here/sent --no-sync -y SEND='set/*' -y INTO=a/b :
cd $here/far/h1/a/b && find set -type f -exec sha256sum {} + | sort | cmp - $here/sums && echo whole
X
left h1
run 'with --no-cache all of it is sent again' <<'X'
echo 'in 8000' >$here/ssh/lines/h1
sh $here/phase --no-sync --no-cache -y SEND='set/*' -y INTO=c echo not
rm $here/ssh/lines/h1
sh $here/sent --no-sync --no-cache -y SEND='set/*' -y INTO=c :
X
left h1
