# A host for whose platform there is no executable has its folder by tar.
. "$TESTS/msrc-ssh.sh"
real_hosts h1 h2 h3
homely
export T
mkdir "$here/other" && printf '#!/bin/sh\necho Other toaster\n' >"$here/other/uname"
chmod +x "$here/other/uname"
sed -i "s|^SetEnv.*|& PATH=$here/other:/usr/bin:/bin|" "$here/ssh/h2.conf"
ssh-keygen -q -t ed25519 -N "" -f "$here/key"
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
run 'with hooks, too' <<'X'
msrc -C "$T" -E HOST!h3 --keep-order -DINIT_CMD='echo init HOST' -DPRE_CMD='echo pre HOST' \
  -DPOST_CMD='msrc_was=$?; echo post HOST; exit $msrc_was' 'echo $(cat name) in $(pwd)'
msrc -C "$T" -E HOST=h2 -DPRE_CMD='exit 3' -r 'HXMD_STATUS HXMD_PHASE_FAILED' -K 'cat HXMD_0' echo not 2>&1
msrc -C "$T" -DPRE_CMD=: -r 'HOST HXMD_STATUS HXMD_PHASE_FAILED' -K 'sort HXMD_0' 'test $(cat name) = h1' 2>&1
msrc --retry-failed -C "$T" -E HOST=h2 -DPRE_CMD=: 'echo again $(cat name)'
X
run 'with hooks, and several transports' <<'X'
printf '%%HOST TRANSPORT\nh2 builtin\nh3 tar\n' >$here/ways.cf
msrc -C "$T" -X $here/ways.cf --keep-order -DPRE_CMD='echo HOST by $msrc_transport' 'echo $(cat name)'
X
run 'with hooks, not where tar would be no use' <<'X'
for option in --strict --transport=builtin --detach; do
  msrc -C "$T" -E HOST=h2 --identity "$here/key" $option -DPRE_CMD='echo not' echo not 2>&1 | tail -1
done
X
run 'with another executable in the folder for them' <<'X'
mkdir "$here/recv" && cp "$BIN" "$here/recv/fleetbox-Other-toaster"
MSRC_RECV_DIR=$here/recv msrc -C "$T" -E HOST=h2 'cat name'
X
rm -rf "$here"/far/h2/.cache
run 'not with --strict, nor where that transport was asked for' <<'X'
msrc -C "$T" -E HOST=h2 --identity "$here/key" --strict echo not
msrc -C "$T" -E HOST=h2 --transport builtin echo not
msrc -C "$T" -E HOST=h2 --check echo not
X
