# A host for whose platform there is no executable has its folder by tar.
. "$TESTS/msrc-ssh.sh"
real_hosts h1 h2 h3
homely
export T
mkdir "$here/other" && printf '#!/bin/sh\necho Other toaster\n' >"$here/other/uname"
chmod +x "$here/other/uname"
sed -i "s|^SetEnv.*|& PATH=$here/other:/usr/bin:/bin|" "$here/ssh/h2.conf"
printf 'INTO=app\nMAP=name.host\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk
echo HOST >name.host
run 'tar takes its place, and a line says so' <<'X'
msrc -C "$T" --keep-order 'echo $(cat name) by $0'
cat "$here/far/h2/app/name" "$here/far/h2/app/plain.txt"
X
run 'statuses, the closing list and the record are those of all hosts' <<'X'
msrc -C "$T" -r 'HOST HXMD_STATUS HXMD_PHASE_FAILED' -K 'cat HXMD_0' 'test $(cat name) = h1' 2>&1
msrc -C "$T" 'test $(cat name) != h2'
msrc --retry-failed -C "$T" 'echo again $(cat name)'
X
run 'with another executable in the folder for them' <<'X'
mkdir "$here/recv" && cp "$BIN" "$here/recv/fleetbox-Other-toaster"
MSRC_RECV_DIR=$here/recv msrc -C "$T" -E HOST=h2 'cat name'
X
rm -rf "$here"/far/h2/.cache
run 'not with --strict, nor where that transport was asked for' <<'X'
ssh-keygen -q -t ed25519 -N "" -f "$here/key"
msrc -C "$T" -E HOST=h2 --identity "$here/key" --strict echo not
msrc -C "$T" -E HOST=h2 --transport builtin echo not
msrc -C "$T" -E HOST=h2 --check echo not
msrc -C "$T" -E HOST=h2 -DPRE_CMD=: echo not
X
