# mcfeely 19: the same key, one after the other and from 50 processes at once.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 count <<'X'
echo x >>"$MCFEELY_COMM_DIR/../runs"
X
mcfeely-inject --key once h1 count
mcfeely-inject --key once h1 count
seq 50 | xargs -P 50 -I{} sh -c 'mcfeely-inject --key many h1 count; echo "exit $?"' |
  sort | uniq -c | sed 's/^ *//'
ended 1; ended 2
wc -l <runs
mcfeely-inject --key other h1 count
