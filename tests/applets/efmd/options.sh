. "$TESTS/fleet.sh"
run 'options from the environment' <<'X'
EFMD='-C fleet.cf -E SHORT=beta' efmd HOST
EFMD='-C fleet.cf -D"A=x y"' efmd -E SHORT=beta A
X
run 'H64 where files are looked for' <<'X'
HXMD_PATH=/nowhere:$PWD efmd -C fleet.cf -E SHORT=beta -L
mkdir d && cd d
HXMD_PATH=/nowhere:${PWD%/d} efmd -C fleet.cf -E SHORT=beta -L
HXMD_PATH=rel:/some/where efmd -V | grep -e search -e dash
HXMD_PATH= efmd -V | grep -e search -e dash
X
run 'names that are not searched for' <<'X'
mkdir e && cd e
HXMD_PATH=$PWD/.. efmd -C ./fleet.cf -L
X
run 'the double-dash directory' <<'X'
mkdir own && cp fleet.cf own && cp spare.cl own/efmd.cf
HXMD_PATH=$PWD/own efmd -C --/fleet.cf -B TAGS -L
HXMD_PATH=$PWD/own efmd -C -- -L
X
run 'variables and homes' <<'X'
efmd -C '$HOME/fleet.cf:~/spare.cl' -B 2 -L
X
run 'a name of its own brings a file of its own' <<'X'
ln -s "$BIN" site.efmd
cp fleet.cf site.cf
./site.efmd -B TAGS -L
./site.efmd -Z spare.cl -L
mv site.cf gone.cf
./site.efmd -L
X
run 'undefined again' <<'X'
efmd -C fleet.cf -E SHORT=beta -DA=1 -DB=2 -UA 'A B'
X
run 'another prefix' <<'X'
efmd -C fleet.cf -E SHORT=beta -M OUR_ 'OUR_U HXMD_U OUR_PHASE'
X
run 'a key that is none' <<'X'
efmd -C fleet.cf -k 9 -L
X
run 'letters' <<'X'
efmd -d '?' | head -n 2
X
run 'a macro that was not set' <<'X'
efmd -C fleet.cf -E SITE=edge -dM 'SHORT ARCH'
efmd -C fleet.cf -E SITE=edge --strict 'SHORT ARCH'
X
run 'a file that changes meanwhile' <<'X'
echo old >inc.m4
efmd -C fleet.cf -E SITE=edge 'include(inc.m4)syscmd(echo newer >inc.m4)include(inc.m4)'
X
run 'definitions as text' <<'X'
printf '%s\n' '%HOST V' "h1 \"can't\"" >v.cf
efmd -C v.cf -dD -DA=1 '-D!B=secret' dnl 2>&1 >/dev/null | tail -n 8
X
run 'temporary files' <<'X'
efmd -C fleet.cf -E SHORT=beta -dR -o SHORT SHORT 2>&1 | sed 's/hxtf.*/hxtf/'
X
