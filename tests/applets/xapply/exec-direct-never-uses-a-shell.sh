# --exec=direct is for items that nobody vouches for.
. "$TESTS/fanout.sh"
xapply --exec=direct '/bin/echo %W1' 'a;b' '$(id)' "it's" ''
xapply --exec=direct 'printf "%%s\n" %W1' 'a  b'
run metacharacter <<'X'
xapply --exec=direct '/bin/echo %1' 'a;touch hacked'; echo rc=$?; ls hacked 2>&1 | grep -c 'No such'
X
