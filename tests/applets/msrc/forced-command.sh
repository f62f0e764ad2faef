# msrc-transport(7), "A login that is good for nothing else" and "To find out what
# is wrong": by a real sshd.
. "$TESTS/msrc.sh"
. "$TESTS/ssh.sh"
cd "$here" || exit 1
far_hosts h1 >conf
cd "$here/msrc/app" || exit 1
sed -n 's/^ssh \(.*\)/SSH="\1"/p' "$here/conf" >table.cf
printf '%%HOST\nh1\n' >>table.cf
sed -i "s|^INTO=.*|INTO=$here/far/app|; /^__msrc/d" Msrc.mk
trust=$here/far/.config/fleetbox
mkdir -p "$trust"
(cd "$here" && with_keys ops@example.com eve)
printf 'ops@example.com namespaces="bundle@fleetbox" %s\n' \
  "$(cut -d ' ' -f 1,2 "$here/keys/ops@example.com.pub")" >"$trust/allowed_signers"
# The line of the page, with our own PATH.
line='command="fleetbox msrc-recv --stdio --require-signed",restrict'
grep -Fq "$line" "$TESTS/../man/msrc-transport.7" && echo 'the line is the page'"'"'s'
forced() {
  printf '%s %s\n' "$line" "$(cat "$here/ssh/user_key.pub")" >"$here/ssh/authorized"
}
cp "$here/ssh/authorized" "$here/free"
sed -i "s|SetEnv .*|& PATH=$(dirname "$(command -v fleetbox)"):/usr/bin:/bin|" \
  "$here/ssh/sshd.conf"
export ops="$here/keys/ops@example.com" eve="$here/keys/eve"

forced
run 'a login that only receives' <<'X'
echo "no key:"
msrc -C table.cf cat motd
echo "somebody else's:"
msrc -C table.cf --identity "$eve" cat motd
echo "the right one:"
msrc -C table.cf --identity "$ops" cat motd
msrc -C table.cf --identity "$ops" -DPRE_CMD='echo between' cat motd
X
run 'and runs nothing else' <<'X'
ssh -F "$here/ssh/config" h1 touch "$here/ran" >"$here/hello"
echo "$?"
msrc -C table.cf --transport tar cat motd >"$here/hello"
echo "$?"
test -e "$here/ran" || echo 'it was not run'
ls "$here/far/.cache/fleetbox"
X
run 'a limit of what it may have run' <<'X'
echo "allow ops@* into $here/far/app run 'cat motd'" >"$here/far/.config/fleetbox/msrc-limits"
msrc -C table.cf --identity "$ops" cat motd
msrc -C table.cf --identity "$ops" cat conf
msrc -C table.cf --identity "$ops" -y INTO="$here/far/else" cat motd
rm "$here/far/.config/fleetbox/msrc-limits"
X

cp "$here/free" "$here/ssh/authorized"
run 'ssh tells all' <<'X'
sed '/^SSH/d' table.cf >plain.cf
msrc -C plain.cf -DSSH="ssh -F $here/ssh/config -vE $here/ssh.log" --identity "$ops" cat motd
grep -c '^debug1: Authentication succeeded\|^Authenticated to h1' "$here/ssh.log"
rm plain.cf
X
run 'a receiver tells its steps' <<'X'
printf '#!/bin/sh\nexec fleetbox "$@" -v 2>>%s/recv.log\n' "$here" >"$here/recv"
chmod +x "$here/recv"
sed -i "s|SetEnv .*|& MSRC_RECV=$here/recv|" "$here/ssh/sshd.conf"
msrc -C table.cf --identity "$eve" cat motd
sed 's/^[^ ]* //; s/SHA256:[^:]*/KEY/' "$here/recv.log"
X
