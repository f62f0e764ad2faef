# mcfeely-start(8): one process, the server's; its log is on standard output.
. "$TESTS/lib.sh"
with_keys hub
serve mcfeely-start -- -q queue -l unix:sock -i keys/hub --ready-fd 3
tr '\0' ' ' <"/proc/$served/cmdline"
echo
grep -c 'server.listens address=unix:' serve.1.log
mcfeely-qread -S unix:sock && echo empty
mcfeely-start -- -q queue -l unix:other -i keys/hub 2>/dev/null |
  sed "s/process $served/process PID/"
