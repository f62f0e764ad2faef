# How it exits, and what it says then.
try() { "$@"; echo "exit $?"; }
echo '--- no such file'; echo ok >ok; try m4 nope ok
echo '--- a folder'; try m4 .
echo '--- m4exit'; echo 'm4exit(42)' | try m4
echo '--- an open string'; echo 'a `b' | try m4
echo '--- wrong usage'; try m4 -Lx
try m4 -F state
try m4 --frobnicate
echo '--- nothing to write to'
echo 'text' | m4 >/dev/full
echo "exit $?"
echo '--- nesting'; echo 'define(`f'\'',`$1'\'')f(f(f(f(1))))' | try m4 -L 3
