# mcfeely 2, 3: 0 is done, silent or not; 1, 2, 100 and 127 have failed after
# one attempt, and the report to the failure address shows the last lines.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 silent </dev/null
comm h1 end <<'X'
echo "first"
echo "said $1" >&2
exit $1
X
mcfeely-inject -w -e 'task quiet h1 silent' -e 'task one h1 end 1' \
  -e 'task two h1 end 2' -e 'task hundred h1 end 100' \
  -e 'task gone h1 end 127' -F ops@example.com -d 'all kinds' 2>/dev/null
echo "exit $?"
states 1
letters 1 | sort
