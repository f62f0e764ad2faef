# msrc M32: how the receiver comes to a host, and where it may be.
. "$TESTS/msrc-ssh.sh"
real_hosts h1
export T here
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk
far=$here/far/h1
export far
cat >"$here/try" <<'X'
msrc -C "$T" --retries 0 --report json "$@" 2>&1 |
  sed -n 's/.*"status":\([0-9]*\).*"error":"\([^"]*\)".*"bootstrapped":\([a-z]*\).*/\1 \3 \2/p'
X
run 'it is brought, and then found' <<'X'
sh $here/try :
sh $here/try :
stat -c %a $far/.cache/fleetbox $(ls $far/.cache/fleetbox/recv-* | head -1)
X
run '--bootstrap does only that' <<'X'
rm -r $far/.cache $far/app
sh $here/try --bootstrap echo not
ls -A $far $far/.cache/fleetbox | sed 's/recv-.*/recv/' | uniq
sh $here/try --bootstrap echo not
X
run '--no-cache leaves nothing there' <<'X'
rm -r $far/.cache
sh $here/try --no-cache :
find $far ! -type d
X
run 'one that is cut short is replaced' <<'X'
sh $here/try :
for f in $far/.cache/fleetbox/recv-*; do head -c 100000 $f >$f.part; chmod 700 $f.part; mv $f.part $f; done
sh $here/try :
sh $here/try :
X
run 'MSRC_RECV, and one on the PATH' <<'X'
rm -r $far/.cache
cp $here/ssh/h1.conf $here/ssh/conf
sed -i "/^SetEnv/s|\$| MSRC_RECV=$BIN|" $here/ssh/h1.conf
sh $here/try :
cp $here/ssh/conf $here/ssh/h1.conf
mkdir $here/path; ln -s $BIN $here/path/fleetbox
sed -i "/^SetEnv/s|\$| PATH=$here/path:/usr/bin:/bin|" $here/ssh/h1.conf
sh $here/try :
ls -A $far/.cache/fleetbox | sed 's/recv-.*/recv/'
X
run 'msrc M32: only sh, head, dd, chmod, mv and a few more' <<'X'
rm -r $far/.cache $here/path; mkdir $here/path
for p in sh head dd chmod mv mkdir rm rmdir uname; do ln -s $(command -v $p) $here/path/$p; done
sed -i "s| PATH=.*| PATH=$here/path|" $here/ssh/h1.conf
sh $here/try :
sh $here/try :
X
run 'no tool at all' <<'X'
rm -r $far/.cache $here/path/[!s]*
sh $here/try : | cut -c 1-8
X
cp "$here/ssh/conf" "$here/ssh/h1.conf"
run 'a banner, and a login that talks' <<'X'
echo "banner of the site" >$here/banner
echo "Banner $here/banner" >>$here/ssh/h1.conf
sed -i "s|^|command=\"echo hello; echo; eval \\\\\"\$SSH_ORIGINAL_COMMAND\\\\\"\" |" $here/ssh/authorized
sh $here/try :
X
run 'a host of another kind' <<'X'
mkdir -p $here/path; rm -f $here/path/*
printf '#!/bin/sh\necho Plan9 host mips\n' >$here/path/uname; chmod +x $here/path/uname
cp $here/ssh/user_key.pub $here/ssh/authorized; cp $here/ssh/conf $here/ssh/h1.conf
sed -i "/^SetEnv/s|\$| PATH=$here/path:/usr/bin:/bin|" $here/ssh/h1.conf
rm -rf $far/.cache
sh $here/try :
X
