# mcfeely-agent(8): an agent with everything in one folder; the comm finds the
# comm folder although its own working folder is another.
. "$TESTS/lib.sh"
fleetbox-key new server.key >/dev/null
fleetbox-key new web1.key >/dev/null
fleetbox-key trust -t trust server:mcfeely <server.key.pub >/dev/null
fleetbox-key trust -t trust host:web1 <web1.key.pub >/dev/null
mkdir comm
cat >comm/hello <<'X'
#!/bin/sh
echo "$1 from $MCFEELY_HOST, attempt $MCFEELY_ATTEMPT of $MCFEELY_JOB.$MCFEELY_TASK"
ls -A
[ -x "$MCFEELY_COMM_DIR/hello" ] && echo "I am in my folder"
X
chmod 755 comm comm/hello
serve mcfeely-server -q queue -l unix:mcfeely.sock -i server.key --trust trust --ready-fd 3
serve mcfeely-agent -H web1 -S unix:mcfeely.sock -C comm -J journal -i web1.key --trust trust --ready-fd 3
mcfeely-inject -S unix:mcfeely.sock --wait -q web1 hello greetings 2>/dev/null
echo "[$?]"
mcfeely-server show -S unix:mcfeely.sock 1.task | sed '1,/^output/d'
