# mcfeely 13: unknown names, a name twice, an empty group in a requirement, no
# tasks: every error with file and line in one run.
. "$TESTS/lib.sh"
cat >wrong <<'X'
param domain
task a h1 true
task a h1 false
task b h1 true ${domain}
task x/y h1 true
group empty
require b empty
require b nobody
taks c h1 true
task d h1 true : steps=3
require
X
mcfeely-inject -f wrong -S unix:sock
echo "exit $?"
echo '# nothing' >none
mcfeely-inject -f none -S unix:sock
echo "exit $?"
