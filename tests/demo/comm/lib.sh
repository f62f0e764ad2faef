# What the comms of the demo share: . "$MCFEELY_COMM_DIR/lib.sh"
#
# A comm runs in an empty folder, with a clean environment. Where the files of
# its host are stands in the file "root" beside it.
set -eu
umask 022
root=$(cat "$MCFEELY_COMM_DIR/root")

fail() {  # for good
  echo "$*"
  exit 100
}
later() {  # to be tried again
  echo "$*"
  exit 99
}

# What comes from elsewhere is checked before it becomes a part of a file.
is_domain() {
  case $1 in
    '' | .* | -* | *..* | *.- | *[!a-z0-9.-]*) fail "'$1' is not a domain" ;;
    *.*) ;;
    *) fail "'$1' is not a domain" ;;
  esac
}
is_ipv4() {
  printf '%s\n' "$1" | awk -F. '
    NR > 1 || NF != 4 { exit 1 }
    { for (i = 1; i <= 4; i++) if ($i !~ /^[0-9]+$/ || $i > 255) exit 1 }' ||
    fail "'$1' is not an address"
}
is_mailbox() {
  case $1 in
    -* | *@*@* | @* | *@ | *[!a-zA-Z0-9.@_+-]*) fail "'$1' is not a mailbox" ;;
    *@*) ;;
    *) fail "'$1' is not a mailbox" ;;
  esac
}

# lock FILE ...: one comm at a time edits the first of these; the others come
# again. A comm that was killed leaves its lock, and the next one takes it away.
# Whatever way the comm ends, no FILE.new is left.
lock() {
  lock=$root/var/lock/$(printf '%s' "${1#"$root"/}" | tr / _)
  if ! ln -s $$ "$lock" 2>/dev/null; then
    owner=$(readlink "$lock") || later "${1##*/} was being edited"
    kill -0 "$owner" 2>/dev/null || rm -f "$lock"
    later "${1##*/} is being edited by process $owner"
  fi
  new=$1.new also=${2:+$2.new}
  trap 'rm -rf "$new" ${also:+"$also"} "$lock"' EXIT
  trap 'exit 143' TERM
}

# FILE.new, complete and checked, becomes FILE in one step.
place() {
  if cmp -s "$1.new" "$1"; then
    rm "$1.new"
    echo "${1#"$root"}: nothing to do"
  else
    mv "$1.new" "$1"
    echo "${1#"$root"}: written"
  fi
}

# add_line FILE LINE: makes FILE.new, with LINE at its end unless it is there.
add_line() {
  cp "$1" "$1.new"
  grep -qxF -e "$2" "$1" || printf '%s\n' "$2" >>"$1.new"
}
