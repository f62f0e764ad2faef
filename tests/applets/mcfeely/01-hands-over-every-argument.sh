# mcfeely 1: the comm sees the arguments as they were injected; the report of a
# job that is done goes to the success address only.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 ok_comm <<'X'
for a; do printf '<%s>' "$a"; done
echo " $#"
X
mcfeely-inject -s ok@example.com -F bad@example.com h1 ok_comm x "y z" ''
echo "exit $?"
letters 1
mcfeely-server show 1 | grep ^state
ls mail | wc -l
