# --safe: no commands, no new files, and files only from here and -I.
mkdir work inc
echo secret >secret
echo included >inc/i
echo here >work/h
cd work
ln -s ../secret link
m4 --safe -I ../inc <<'END'
syscmd(`echo no >../made')esyscmd(`echo no')mkstemp(`tXXXXXX')debugfile(`d')
include(`h')include(`i')include(`../secret')include(`link')undivert(`/etc/passwd')
sinclude(`../secret')spaste(`link')|
END
echo "exit $?"
ls .. .
echo '--- the search path of the environment is allowed, too'
echo 'include(`i'\'')' | M4PATH=../inc m4 --safe
