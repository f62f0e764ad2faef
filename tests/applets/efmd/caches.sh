. "$TESTS/fleet.sh"
run 'H44 what a recipe makes' <<'X'
efmd -C fleet.cf -F0 cachedir
efmd -C fleet.cf -E SHORT=alpha -F0 cachedir/
efmd -C fleet.cf -E SHORT=alpha -F0 .alt
efmd -C fleet.cf -E SHORT=beta -F0 cachedir.host
X
run 'H45 no such target' <<'X'
efmd -C fleet.cf -E SITE=lab -F0 cachedir/ 2>err
echo "$?"
grep '^efmd' err
X
run 'what is made is no m4 text' <<'X'
mkdir c && printf '%s\n' '`c:' '	@cat raw' "'dnl" >c/Cache.m4
echo "HOST eval(1) can't \`dnl [SHORT]" >c/raw
efmd -C fleet.cf -E SHORT=beta -F1 'changequote([,])HOST' c
X
run 'a directory without a recipe' <<'X'
mkdir none
efmd -C fleet.cf -F0 none
X
run 'safe mode' <<'X'
efmd -C fleet.cf --safe -E SHORT=beta -F0 cachedir
efmd -C fleet.cf --safe --allow-cache -E SHORT=beta -F0 cachedir
X
run 'nothing is left' <<'X'
ls | grep hxtf || echo none
X
