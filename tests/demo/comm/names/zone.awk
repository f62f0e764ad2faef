# The syntax of a zone file as the demo writes it: "NAME IN TYPE VALUE ...".
# Prints ":LINE: what is wrong" and exits with 1.
function wrong(why) {
  print ":" NR ": " why
  failed = 1
  exit 1
}
{ sub(/;.*/, "") }
NF == 0 || $1 == "$TTL" { next }
$2 != "IN" { wrong("'" $0 "' is no record") }
$3 == "SOA" {
  if (soa++) wrong("a second SOA")
  if (NF != 10) wrong("SOA takes two names and five numbers")
  for (i = 6; i <= 10; i++) if ($i !~ /^[0-9]+$/) wrong("'" $i "' is no number")
  next
}
!soa { wrong("the first record must be SOA") }
$3 == "A" {
  if (NF != 4 || split($4, part, ".") != 4) wrong("'" $4 "' is no address")
  for (i = 1; i <= 4; i++) {
    if (part[i] !~ /^[0-9]+$/ || part[i] > 255) wrong("'" $4 "' is no address")
  }
  next
}
$3 == "MX" && NF == 5 && $4 ~ /^[0-9]+$/ && $5 ~ /\.$/ { next }
$3 == "NS" && NF == 4 && $4 ~ /\.$/ { ns++; next }
$3 == "PTR" && NF == 4 && $4 ~ /\.$/ { next }
{ wrong("'" $0 "' is no record") }
END {
  if (!failed && !soa) wrong("there is no SOA")
  if (!failed && !ns) wrong("there is no NS")
}
