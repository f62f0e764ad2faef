msrc-recv
echo "exit $?"
msrc-recv --stdio --apply x
echo "exit $?"
msrc-recv --wire-version
msrc-recv --apply missing
echo "exit $?"
# Not a channel.
export HOME="$PWD"
echo hello | msrc-recv --stdio | wc -c | grep -c .
echo hello | msrc-recv --stdio >/dev/null
echo "[$?]"
