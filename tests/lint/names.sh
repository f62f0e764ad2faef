# Names: of files, of tests, of events in the log, and the words that the house
# does not use (style guide, glossary) in what --help says.
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d /tmp/names.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT

find src applets tests man third_party -type f |
  grep -v -e '\.pb\.' -e '^tests/corpus/' | sort >"$work/files"

# Files are snake_case; applets and their tests are as typed.
grep -E '^(src|tests/(unit|fuzz|bench))/.*\.(cc|h|proto)$' "$work/files" |
  grep -vE '^([a-z0-9_]+/)+[a-z][a-z0-9_]*\.(cc|h|proto)$' |
  sed 's/$/: the name is not snake_case/'
grep '^tests/unit/.*\.cc$' "$work/files" | grep -v '_test\.cc$' |
  xargs -r grep -l '^TEST_CASE' /dev/null |
  sed 's/$/: is not called ..._test.cc/'
grep '^tests/applets/' "$work/files" |
  grep -E '\.(sh|out)$' |
  grep -vE '^tests/applets/[a-z][a-z0-9_-]*/[a-z0-9][a-z0-9.-]*\.(sh|out)$' |
  sed 's/$/: the name is not words-with-dashes/'
for out in $(grep '^tests/applets/.*\.out$' "$work/files"); do
  [ -e "${out%.out}.sh" ] || echo "$out: its test is gone"
done

# A test's name is a sentence: subject, colon, words. It occurs once.
awk '
  FNR == 1 { open = 0 }
  {
    text = $0
    if (match(text, /^TEST_CASE\(/)) {
      open = FNR
      text = substr(text, RLENGTH + 1)
      name = ""
    }
    if (!open) next
    # Adjacent literals are one name; the tags follow the comma.
    while (match(text, /"([^"\\]|\\.)*"/)) {
      before = substr(text, 1, RSTART - 1)
      if (before ~ /,/) break
      name = name substr(text, RSTART + 1, RLENGTH - 2)
      text = substr(text, RSTART + RLENGTH)
    }
    if (text ~ /,/) {
      where = FILENAME ":" open
      if (name !~ /^[A-Za-z0-9_:. -]*[a-z0-9]: [^ ].* /)
        print where ": is no sentence: \"" name "\""
      if (name in seen) print where ": the same name as " seen[name]
      seen[name] = where
      open = 0
    }
  }' $(grep '^tests/unit/.*\.cc$' "$work/files") /dev/null

# The name of an event leads to one place in the source.
grep -E '^(src|applets)/.*\.(cc|h)$' "$work/files" |
  xargs -r grep -nHoE 'Log(Step)?\("[a-z][A-Za-z0-9_.]*"' /dev/null |
  grep -v '^src/sys/log\.' |
  awk -F'"' '{
    split($1, at, ":")
    if ($2 in seen) print at[1] ":" at[2] ": the event " $2 " is also at " seen[$2]
    seen[$2] = at[1] ":" at[2]
  }'

# This file is the only one that may say these.
grep -vx 'tests/lint/names.sh' "$work/files" |
  grep -v '\.out$' | xargs -r grep -nHIE 'TODO|FIXME|XXX+:' /dev/null
# The home of somebody's checkout is nobody else's.
xargs -r grep -nHIE '(^|[^A-Za-z0-9_.])/wor[k]/' /dev/null \
  <"$work/files"

# One word for one thing, where people read it.
words='node|nodes|daemon|daemons|PDU|PDUs|envelope|envelopes|work item|work items'
for command in '' $("$BIN" --list); do
  "$BIN" $command --help 2>&1 |
    grep -niwE "$words" | sed "s/^/fleetbox $command --help: /"
done
exit 0
