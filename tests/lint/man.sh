# Keeps the manual true: every command has a page, the pages are good mdoc, they
# give the options and the summary that --help gives, and every example of
# theirs is tried by a black-box test. tests/lint/man-gaps lists what is known
# to be missing, sorted; it may only shrink: a line that is not true any more is
# a failure.
cd "$(dirname "$0")/../.." || exit 1
command -v mandoc >/dev/null || { echo "skipped: there is no mandoc"; exit 0; }
work=$(mktemp -d /tmp/man.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT

# "-c --comment" for each option that a --help shows, but the shared ones.
help_options() {
  awk '
    /^[A-Z].*:$/ { on = $0 == "Options:" }
    on && (/^  -/ || /^      --/) {
      out = ""
      for (i = 1; i <= NF && i <= 2 && $i ~ /^-/; i++) {
        sub(/,$/, "", $i)
        sub(/\[.*/, "", $i)
        out = out (out == "" ? "" : " ") $i
      }
      if (out !~ /--help$/ && out !~ /--version$/) print out
    }'
}
# The same of a page: ".It Fl c , Fl -comment Ar TEXT" (or "Fl Fl comment").
page_options() {
  awk '
    /^\.It Fl/ {
      out = ""
      for (i = 2; i <= NF; i++) {
        if ($i != "Fl") continue
        word = $(++i)
        if (word == "Fl") word = "-" $(++i)
        sub(/\\&/, "", word)
        out = out (out == "" ? "" : " ") "-" word
      }
      print out
    }' "$1"
}
# The command lines of a page: those that begin with "$ " or "# " in EXAMPLES.
page_examples() {
  awk '
    /^\.Sh/ { on = $2 == "EXAMPLES" }
    on {
      line = $0
      sub(/^\.Dl +/, "", line)
      if (line !~ /^[$#] /) next
      gsub(/\\&/, "", line)
      gsub(/\\e/, "\\", line)
      gsub(/\\-/, "-", line)
      print substr(line, 3)
    }' "$1"
}

check_command() {
  command=$1 page=$2
  shift 2
  # "$@" is what shows the help: the executable and what comes before --help.
  "$@" --help >"$work/help" 2>&1 || echo "$command: --help fails"
  summary=$(sed -n '/^$/,$p' "$work/help" | sed -n 2p)
  nd=$(sed -n 's/^\.Nd //p' "$page")
  [ "$nd" = "$summary" ] ||
    echo "$page: .Nd is '$nd', but --help says '$summary'"
  help_options <"$work/help" >"$work/options"
  sed -n '/^Verbs/,/^$/s/^  \([a-z][a-z0-9-]*\).*/\1/p' "$work/help" \
    >"$work/verbs"
  while read -r verb; do
    "$@" "$verb" --help </dev/null >"$work/verb" 2>&1 ||
      echo "$command $verb: --help fails"
    help_options <"$work/verb" >>"$work/options"
    grep -Eq "^\.(It|Ss|Sh) .*\b$verb\b" "$page" ||
      echo "$page: the verb $verb is missing"
  done <"$work/verbs"
  sort -u "$work/options" >"$work/of-help"
  page_options "$page" | sort -u >"$work/of-page"
  comm -23 "$work/of-help" "$work/of-page" | sed "s|^|$page: misses |"
  comm -13 "$work/of-help" "$work/of-page" |
    sed "s|^|$page: $command has no option |"
}

# Examples may stand in the tests of the command, or of documentation (doc).
check_examples() {
  page=$1 command=$2
  page_examples "$page" >"$work/examples"
  while IFS= read -r example; do
    cat "tests/applets/$command"/*.sh tests/applets/doc/*.sh 2>/dev/null |
      grep -Fq -e "$example" || echo "$page: no test has: $example"
  done <"$work/examples"
}

{
  for command in fleetbox $("$BIN" --list); do
    page=$(ls "man/$command".[18] 2>/dev/null)
    if [ -z "$page" ]; then
      echo "man/$command.1: is missing"
    elif [ "$command" = fleetbox ]; then
      check_command "$command" "$page" "$BIN"
    else
      check_command "$command" "$page" "$BIN" "$command"
    fi
  done
  for page in man/*.[1-9]; do
    [ -e "$page" ] || continue
    mandoc -Tlint -Wwarning "$page"
    command=${page#man/}
    check_examples "$page" "${command%.*}"
  done
} >"$work/found" 2>&1

sort -u "$work/found" >"$work/sorted"
grep -v '^#' tests/lint/man-gaps 2>/dev/null | sort -u >"$work/gaps"
comm -23 "$work/sorted" "$work/gaps"
comm -13 "$work/sorted" "$work/gaps" |
  sed 's/^/tests\/lint\/man-gaps: is no gap any more: /'
grep -v '^#' tests/lint/man-gaps 2>/dev/null | sort -c 2>&1
exit 0
