# mcfeely-queue(8): a job of one task, made by printf.
. "$TESTS/mcfeely.sh"
fleet web1
comm web1 hello <<'X'
echo "hello $1"
X
printf '\021\0\0\0web1\0hello\0world\0' >tasks
printf '\0\0' >waiters
printf 'a greeting\0ops@example.com\0\0' >texts
mcfeely-queue <tasks 1<waiters 2<texts
echo "[$?]"
ended 1
states 1
mcfeely-queue an-operand
echo "[$?]"
