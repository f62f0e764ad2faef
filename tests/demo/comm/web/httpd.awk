# The syntax of httpd.conf: directives with a value, blocks that close. Prints
# ":LINE: what is wrong" and exits with 1. root is where the host's files are.
function wrong(why) {
  print ":" NR ": " why
  failed = 1
  exit 1
}
/^ *(#|$)/ { next }
/^ *<\// {
  name = $1
  gsub(/[<>\/]/, "", name)
  if (depth == 0 || open[depth] != name) wrong($1 " closes nothing")
  if (name == "VirtualHost" && !named) wrong("a virtual host without ServerName")
  depth--
  next
}
/^ *</ {
  if ($0 !~ />$/) wrong("'" $0 "' lacks its '>'")
  name = $1
  gsub(/[<>]/, "", name)
  open[++depth] = name
  named = 0
  next
}
NF < 2 { wrong($1 " has no value") }
$1 == "ServerName" {
  named = 1
  if (taken[$2]++) wrong("a second " $2)
}
$1 == "DocumentRoot" && system("test -d '" root $2 "'") != 0 {
  wrong("there is no " $2)
}
END { if (!failed && depth > 0) wrong("<" open[depth] "> is not closed") }
