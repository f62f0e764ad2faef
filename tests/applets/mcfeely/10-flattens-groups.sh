# mcfeely 10, 11: groups, and groups of groups, on both sides.
. "$TESTS/lib.sh"
cat >job <<'X'
task a h1 true
task b h1 true
task c h1 true
task d h1 true
group M a b
group N c d
require b a
require d c
require N M
X
mcfeely-inject -n -f job
cat >deep <<'X'
task a h1 true
task b h1 true
task c h1 true
task d h1 true
group M1 a
group M2 M1 b
group M M2
group N1 c
group N2 N1
group N N2 d
require b a
require d c
require N M
X
mcfeely-inject -n -f deep >deep.flat
mcfeely-inject -n -f job | cmp - deep.flat && echo same
