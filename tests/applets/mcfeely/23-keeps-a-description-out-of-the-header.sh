# mcfeely 23: a description of newlines, quotes, shell text, header lines, 0x04
# and bytes that are no UTF-8 is mailed in the body byte for byte; it makes no
# header and runs nothing. An address that is an option, several, or holds a
# line end, is refused.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 mk <<'X'
printf '%s' "$MCFEELY_DESCRIPTION" >"$MCFEELY_COMM_DIR/../seen"
X
description=$(printf 'a "b" $(touch hit) `touch hit`\nBcc: evil@example.com\n\n\004\377\047; touch hit')
mcfeely-inject -wq -d "$description" -s ops@example.com h1 mk 2>/dev/null
await 'ls mail/letter.*'
printf '%s' "$description" >sent
cmp sent seen && echo "the comm saw it"
python3 - mail/letter.* <<'X'
import email, email.header, sys
letter = email.message_from_binary_file(open(sys.argv[1], "rb"))
print(*sorted(letter.keys()))
print("to", letter["To"])
want = open("sent", "rb").read()
print(want in letter.get_payload(decode=True))
X
ls hit 2>/dev/null
mcfeely-server show 1 | grep '^description'
mcfeely-server status 1 | grep -ao 'a "b".*'
for address in -oX/x 'a@x, b@x' "$(printf 'a@x\nBcc: b@x')" exec:../x exec: ''; do
  mcfeely-inject -q -s "$address" h1 mk
  echo "exit $?"
done
