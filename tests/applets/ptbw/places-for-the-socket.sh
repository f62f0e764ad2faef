# A TMPDIR that is missing, too long, not a folder, not writable, or relative.
long=$(printf '%0120d' 0)
mkdir $long rel
: >file
t() { TMPDIR=$1 ptbw -m -J1 ptbw -A echo 2>err; echo rc=$?; sed "s,$PWD,DIR,g; s/0\{99,\}/LONG/; s/XXXXXX\|......\/sta0/X/; s/[0-9]* bytes are/N bytes are/" err; }
t $PWD/missing
t $PWD/$long
t $PWD/file
t rel
t ''
if [ "$(id -u)" != 0 ]; then mkdir -m 555 ro; t $PWD/ro; fi
ptbw -m -N $PWD/$long true 2>err; echo rc=$?; grep -c 'too long' err
ptbw -m -N $PWD/missing/pool true 2>err; echo rc=$?; sed "s,$PWD,DIR," err
# Nothing stays behind, nor in a folder that a manager around us has under a
# relative name.
xcl_link=1 xcl_1=rel/1 ptbw -m -J1 sh -c 'echo ${ptbw_1#$PWD/}'
ls -A | grep -v 0000; ls -A rel $long
