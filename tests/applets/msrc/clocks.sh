# msrc: hosts whose clocks are wrong, behind a real ssh: minutes are put up with,
# hours are not, either way, and then nothing is delivered.
. "$TESTS/msrc-ssh.sh"
[ "$(uname -m)" = x86_64 ] || skip 'the clock of a process is only shifted on x86-64'
real_hosts h1
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk
cat >"$here/recv" <<X
#!/bin/sh
exec python3 "$TESTS/fakes/shifted_clock.py" \$(cat "$here/shift") "$BIN" "\$@"
X
chmod +x "$here/recv"
sed -i "/^SetEnv/s|\$| MSRC_RECV=$here/recv|" "$here/ssh/h1.conf"
for shift in 240 -240 10800 -10800 0; do
  echo "--- $shift seconds"
  echo "$shift" >"$here/shift"
  rm -rf "$here/far/h1/app"
  msrc -C "$T" 'ls' 2>&1 | sed 's/[0-9-]*T[0-9:.]*Z/TIME/g; s/SHA256:[^:]*/SHA256:HASH/; s/[0-9hms.]* \(ago\|in the future\)/SOME \1/'
  ls "$here/far/h1"
done
