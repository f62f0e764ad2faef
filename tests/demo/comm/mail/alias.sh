# alias_to NAME DOMAIN MAILBOX: qmail's alias file, in which the dots of the
# domain are colons. One that says something else belongs to somebody.
. "$MCFEELY_COMM_DIR/lib.sh"
alias_to() {
  is_domain "$2"
  is_mailbox "$3"
  file=$root/var/qmail/alias/.qmail-$(echo "$2" | tr . :)-$1
  lock "$file"
  [ ! -e "$file" ] || [ "$(cat "$file")" = "&$3" ] ||
    fail "${file##*/} is there, and leads to $(head -n 1 "$file")"
  echo "&$3" >"$file.new"
  place "$file"
}
