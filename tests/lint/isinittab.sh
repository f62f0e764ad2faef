# isinittab(5) has every attribute, every line of three colons and every mode
# that the source has, and no others.
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d /tmp/isinittab.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
page=man/isinittab.5

# The first word of each row of a table of a source.
rows() {
  awk -v begin="$2" '
    index($0, begin) { on = 1 }
    on && /^};/ { exit }
    on && match($0, /^ *{"[a-z-]+"/) {
      name = substr($0, RSTART, RLENGTH)
      gsub(/[ {"]/, "", name)
      print name
    }
    # A row may begin on a line of its own.
    on && open && match($0, /^ *"[a-z-]+",/) {
      name = substr($0, RSTART, RLENGTH)
      gsub(/[ ",]/, "", name)
      print name
    }
    { open = /^ *{$/ }' "$1" | sort -u
}
compare() {
  comm -23 "$work/source" "$work/page" | sed "s|^|$page: misses $1 |"
  comm -13 "$work/source" "$work/page" | sed "s|^|$page: there is no $1 |"
}

# "rlimit-" and a list of resources stand for a row each.
rows src/isinit/attributes.cc 'Row kRows[]' | sed 's/^rlimit-.*/rlimit-/' |
  sort -u >"$work/source"
sed -n '/^\.Ss Attributes/,/^\.Ss Lines about/s/^\.It Cm \([a-z-]*\).*/\1/p' \
  "$page" | grep -vxE 'exec|exit|fd|notify|tcp|unix|file|cmd' |
  sort -u >"$work/page"
compare attribute
rows src/isinit/attributes.cc 'Row kRows[]' | sed -n 's/^rlimit-//p' |
  sort >"$work/source"
sed -n '/^\.It Cm rlimit-/,/^\.It/s/^\.Cm \([a-z, ]*\)[,.] *$/\1/p;
        /^\.It Cm rlimit-/,/^\.It/s/^\.Cm \([a-z]*\) ,$/\1/p' "$page" |
  tr -d ',.' | tr ' ' '\n' | grep -v -e '^$' -e unlimited |
  sort -u >"$work/page"
compare resource

rows src/isinit/table_special.cc 'Row kRows[]' >"$work/source"
sed -n 's/^\.It Li :::\([a-z-]*\):.*/\1/p' "$page" | sort -u >"$work/page"
compare line

sed -n 's/^ *return "\([a-z][a-z]*\)";$/\1/p' src/isinit/table.cc |
  sort -u >"$work/source"
sed -n '/^\.Ss Modes/,/^\.Ss Attributes/s/^\.It Cm \([a-z]*\)$/\1/p' "$page" |
  sort -u >"$work/page"
compare mode
exit 0
