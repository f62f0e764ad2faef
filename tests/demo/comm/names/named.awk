# The syntax of named.conf: words, blocks in braces, a ';' at the end of every
# statement. Prints ":LINE: what is wrong" and exits with 1.
function wrong(why) {
  print ":" NR ": " why
  failed = 1
  exit 1
}
function take(token) {
  if (token == "{") {
    if (words == 0) wrong("'{' belongs to nothing")
    depth++
    words = 0
  } else if (token == "}") {
    if (words > 0) wrong("missing ';' before '}'")
    if (depth == 0) wrong("'}' closes nothing")
    depth--
    words = 1
    closed = 1
  } else if (token == ";") {
    if (words == 0) wrong("';' ends nothing")
    words = closed = 0
  } else {
    if (closed) wrong("missing ';' after '}'")
    # In a block there is an option and its value.
    if (++words > 2) wrong("missing ';' before '" token "'")
  }
}
{
  sub(/(#|\/\/).*/, "")
  gsub(/[{};]/, " & ")
  for (i = 1; i <= NF; i++) take($i)
}
END {
  if (!failed && depth > 0) wrong("a '{' is not closed")
  if (!failed && words > 0) wrong("missing ';' at the end")
}
