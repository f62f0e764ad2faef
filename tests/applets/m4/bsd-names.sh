# paste, spaste and expr, unless they are defined or not wanted.
echo 'len(x)' >f
echo 'paste(`f'\'')spaste(`nope'\'')expr(6*7) paste expr' | m4
echo 'paste(`nope'\'')' | m4
echo "exit $?"
echo 'paste(x) expr(1)' | m4 --gnu-only
echo 'paste(x)' | m4 -Dpaste='mine $1'
echo 'm4_paste(`f'\'')paste(x)' | m4 -P
echo 'expr(1) paste(x)' | m4 -G
