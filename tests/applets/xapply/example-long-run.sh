# xapply(1): broken off and gone on with; and items of strangers.
. "$TESTS/fanout.sh"
printf '#!/bin/sh\necho "$1" >>tried\n[ "$1" != b -o -e fixed ]\n' >convert
chmod +x convert
printf 'a\nb\nc c\n' >list
xapply -f --joblog=log --resume --retries=2 --exit=any './convert %W1' list
echo "$?"
cat tried
echo d >>list
rm tried
xapply -f --joblog=log --resume --retries=2 --exit=any './convert %W1' list
echo "$?"
cat tried
printf 'four' >'a;b'; printf 'seven!!' >'$(id)'
printf '%s\n' 'a;b' '$(id)' >uploads
xapply -f --exec=direct '/usr/bin/wc -c %W1' uploads
