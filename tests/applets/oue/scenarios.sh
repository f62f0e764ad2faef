# oue U01: each line once, in the order they come; -c counts.
echo "oue U01: each line once"
printf 'b\na\nb\n' | oue
printf 'b\na\nb\n' | oue -c
# oue U02: a key that is a part of the line, and a report.
echo "oue U02: keys and reports"
printf 'b 1\na 2\nb 3\n' | oue -k '%[1 1]' -R '%k:%n:%u'
# oue U03: accumulators of keys that come twice.
echo "oue U03: accumulators"
printf 'b 1\na 2\nb 3\nc 4\na 5\n' | oue -ld -e '%P,%n' -k '%[1 1]' -R '%k=%e'
# oue U05: a state from run to run, and what is in it.
echo "oue U05: states"
printf 'b\na\nb\n' | oue -D state
echo second
printf 'a\nc\n' | oue -D state
echo replay
oue -iI state </dev/null
