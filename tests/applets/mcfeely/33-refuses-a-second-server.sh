# mcfeely 33: a second server on the same queue says which pid has it, and the
# first is undisturbed.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 ok </dev/null
sed 's/unix:sock/unix:other/' hub.conf >second.conf
mcfeely-server -c second.conf 2>&1 | sed "s/$server/PID/"
mcfeely-server -c second.conf 2>/dev/null
echo "exit $?"
mcfeely-inject -w h1 ok 2>/dev/null
echo "exit $?"
