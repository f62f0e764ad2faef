# What is wrong with a command line is told before anything is done; what runs,
# how many at once, and again.
. "$TESTS/msrc.sh"

for line in '--transport pigeon' '-E SHORT' '-Px' '--timeout soon' '--nothing' \
  '-y'; do
  export line
  run "$line" <<'X'
msrc -C "$T" $line
X
done
run 'options of HXINCLUDE that are none' <<'X'
echo '--nothing' >Msrc.hxmd
msrc -C "$T" :
X
echo "-DSHORT=x" >Msrc.hxmd
run 'the utility has options of its own' <<'X'
msrc -C "$T" -E SHORT=beta echo -n -C x
echo
msrc -C "$T" -E SHORT=beta -- echo -- -P
X
run 'commands are listed' <<'X'
rm -r "$here/far"
msrc -n -C "$T" -m other:
ls "$here/far" 2>&1
X
run 'how many at once' <<'X'
for p in '' -P -P3 -P0 '-P -P2'; do
  msrc --transport tar $p -d X -C "$T" -E SHORT=alpha : 2>&1 | sed -n 's/.*xapply \(-P[0-9]*\).*/\1/p'
done
PARALLEL=4 msrc --transport tar -P -d X -C "$T" -E SHORT=alpha : 2>&1 | sed -n 's/.*xapply \(-P[0-9]*\).*/\1/p'
echo -P9 >Msrc.hxmd
msrc --transport tar -d X -C "$T" -E SHORT=alpha : 2>&1 | sed -n 's/.*xapply \(-P[0-9]*\).*/\1/p'
msrc --transport tar -P2 -d X -C "$T" -E SHORT=alpha : 2>&1 | sed -n 's/.*xapply \(-P[0-9]*\).*/\1/p'
X
run 'what fails is tried again' <<'X'
for mode in '--transport tar' -l '-l --keep'; do
  rm -f "$here/tried"
  msrc $mode --retries 1 -C "$T" -E SHORT=beta "test -e $here/tried ||
    { echo >$here/tried; exit 1; }; cat motd"
done 2>&1 | sed 's|msrc\.[0-9a-f]*/|KEPT/|'
X
