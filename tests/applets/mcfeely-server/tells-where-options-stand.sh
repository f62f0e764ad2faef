# An option behind a job or a host is told as what it is, and nothing is done:
# what it says (another server, say) was meant.
. "$TESTS/mcfeely.sh"
fleet h1
mcfeely-inject -q --hold h1 ok
for line in 'show 1 -j' 'status 1 --json' 'log 1 -f' 'hold 1 -S unix:other' \
  'cancel 1 -S unix:other' 'mark 1.task done -S unix:other' 'wait 1 --timeout 3' \
  'host list -j' 'host drain h1 -S unix:other' 'retry 1 -o task' \
  'import file -S unix:other' 'check -q queue --repair -j x'; do
  mcfeely-server $line 2>&1 | head -n 1
done
mcfeely-server show 1 | grep -c held
mcfeely-server host list
