# What the closing list may say of a host: the phase that failed, how many paths
# changed, how long it took.
. "$TESTS/msrc-ssh.sh"
real_hosts h1 h2 h3
homely
export T
printf "INTO=app\nMAP=name.host\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n" >Msrc.mk
echo HOST >name.host
cat >"$here/list" <<'X'
#!/bin/sh
# What ssh says of h3, if anything, is its own.
msrc -C "$T" \
  -r 'HOST HXMD_STATUS [HXMD_PHASE_FAILED] [HXMD_CHANGED] HXMD_SECONDS' \
  -K 'sed -E "s/ [0-9]+[.][0-9]{3}$/ so long/" HXMD_0' "$@" 2>&1 |
  grep '^h'
X
chmod +x "$here/list"
echo down >"$here/ssh/lines/h3"
run 'by the built-in transport' <<'X'
$here/list --retries 0 'test $MSRC_HOST != h2'
X
run 'what cannot be expanded' <<'X'
echo "ifelse(HOST,h1,\`m4exit(3)')" >name.host
$here/list --retries 0 : | grep '^h[12]'
echo HOST >name.host
X
run 'where hooks are run: the deliveries are the same' <<'X'
$here/list --retries 0 -DPRE_CMD='test HOST = h1' :
$here/list --retries 0 -DPRE_CMD=: 'test $MSRC_HOST != h2'
X
run 'by another transport: the status is all that is known' <<'X'
$here/list --transport tar :
X
