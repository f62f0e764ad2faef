# mcfeely 4, 5: deferred by a signal, then by exit 99, then done; the success
# report says three attempts. step=1: the next tries come after 1 and 4 s.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 flaky <<'X'
case $MCFEELY_ATTEMPT in
1) kill -SEGV $$ ;;
2) exit 99 ;;
*) echo "at last" ;;
esac
X
mcfeely-inject -w -e 'task t h1 flaky : step=1' -s ok@example.com 2>&1 |
  grep -v running | sed 's/next try in [0-9a-z ]*: //'
states 1
letters 1
mcfeely-server show 1.t | awk '/^TRY/ { on = 1; next } on { print $1, $4 }' |
  head -n 3
