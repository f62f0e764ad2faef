# Whatever our own parent ignores, as nohup and init scripts do, a comm begins
# with every signal at its default and none blocked.
. "$TESTS/mcfeely.sh"
trap '' USR1 HUP QUIT PIPE
fleet h1
trap - USR1 HUP QUIT PIPE
comm h1 show <<'X'
grep -E '^Sig(Blk|Ign)' /proc/self/status
X
mcfeely-inject -w -q h1 show 2>/dev/null
mcfeely-server show 1.task | grep -o "Sig.*"
grep SigIgn "/proc/$agent_h1/status" | grep -qv '0000000000000000$' && echo 'the agent ignores some'
