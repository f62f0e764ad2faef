# A real connection: what arrives, and what is run, by ssh and sshd.
. "$TESTS/msrc.sh"
. "$TESTS/ssh.sh"
cd "$here" || exit 1
far_hosts h1 >conf
cd "$here/msrc/app" || exit 1
sed -n 's/^ssh \(.*\)/SSH="\1"/p' "$here/conf" >table.cf
printf '%%HOST SHORT\nh1 one\nh2 two\n' >>table.cf
chmod 750 plain.txt
# A login begins in the home folder of an account: that is not ours to fill.
sed -i "s|^INTO=.*|INTO=$here/far/app|" Msrc.mk

run 'a folder and a utility' <<'X'
msrc -C table.cf -E SHORT=one 'cat motd; stat -c "%a %n" plain.txt; echo "$0" $#'
X
cd "$here/far" && find app | sort
cd "$here/msrc/app" || exit 1
run 'words, and a status' <<'X'
msrc -C table.cf -E SHORT=one --argv printf '%s|' 'a  b' '$HOME' "it's" '*'; echo
msrc -C table.cf -r 'HOST HXMD_STATUS' -K 'sort HXMD_0' exit 5
X
run 'a folder in folders that are not there yet' <<'X'
msrc -C table.cf -E SHORT=one -y INTO="$here/far/a/b" -y SEND=. -y SUBDIR=. ls
X
run 'standard input' <<'X'
echo typed >"$here/typed"
msrc -C table.cf -E SHORT=one -i "$here/typed" cat
msrc -C table.cf -E SHORT=one cat
X
run 'a host that cannot be reached' <<'X'
mkdir -p "$here/lines" && : >"$here/lines/down"
msrc -C table.cf -E SHORT=one echo not 2>&1 |
  sed -n 's/\(255, [a-z]*: h1\): ..*/\1/; /h1\|failed/p'
X
