# Lines, keys, and memories of any length.
awk 'BEGIN { for (i = 0; i < 4000000; i++) printf "x"; print ""; print "y" }' >in
cat in in | oue | cmp - in && echo same
cat in in | oue -c | cut -c1-4
oue -D state -r '%1' in | cmp - in && echo same
oue -iI state -R '%v' </dev/null | cmp - in && echo kept
printf 'a\r\n\0\n\377\n\n\n' | oue | od -An -c
