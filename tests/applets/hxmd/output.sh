# What the commands print, and where it goes.
. "$TESTS/fleet.sh"

run 'titles and rules, with attributes of the host' <<'X'
hxmd -P1 -C fleet.cf -B ARCH -T '== %{SHORT} on %{SITE} (%x)' -H '-- %{ARCH}' \
  'echo SHORT'
X
run 'the host before each line' <<'X'
hxmd -P1 -C fleet.cf -E SITE=lab --tag 'echo SHORT; echo again'
hxmd -P1 -C fleet.cf -E SHORT=beta --tag='%{host}: ' 'echo SHORT; echo again'
hxmd -P1 -C fleet.cf -E SHORT=beta -a @ --tag 'echo SHORT @u %u'
X
run 'in election order' <<'X'
hxmd -P4 -s -C fleet.cf --keep-order 'test SHORT != alpha || sleep 0.3; echo SHORT'
X
run 'equal output once' <<'X'
hxmd -P4 -s -C fleet.cf --fold 'test SHORT != alpha || sleep 0.2; echo SITE; case SHORT in beta) echo its own;; esac'
hxmd -C fleet.cf --fold 'test SHORT = gamma && echo only here; true'
hxmd -P1 -C fleet.cf --fold 'echo same; test SHORT != beta'
hxmd -C fleet.cf --fold --stderr=merge 'echo said >&2' | cat
hxmd -P4 -C fleet.cf --fold 'seq 200000' | cksum
{ echo '==> x <=='; seq 200000; } | sed 's/==> x <==/'"$(hxmd -C fleet.cf --fold 'echo 1' | sed -n 1p)/" | cksum
hxmd -C fleet.cf --fold -N 'echo none' -E SITE=nowhere 'echo SHORT'
hxmd -C fleet.cf --fold --tag :
hxmd -C fleet.cf --fold -T x :
X
run 'standard error, too' <<'X'
hxmd -P1 -C fleet.cf --on beta.lab.example,gamma.lab.example --stderr=merge --tag 'echo out; echo err >&2'
hxmd -P1 -C fleet.cf -E SHORT=beta --stderr=drop 'echo out; echo err >&2'
hxmd -P1 -C fleet.cf -E SHORT=beta --stderr=nowhere :
X
run 'to another place' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta -O '>here' -K 'echo closed' 'echo SHORT'
cat here
hxmd -P1 -C fleet.cf -E SHORT=beta -O '|sed s/^/piped-/' 'echo SHORT'
hxmd -P1 -C fleet.cf -E SHORT=beta -n -W '>widow' 'echo SHORT'
cat widow
hxmd -P1 -C fleet.cf -E SHORT=beta -O 'no/such/place' 'echo SHORT'
X
run 'as JSON' <<'X'
hxmd -P1 -C fleet.cf -E SHORT=beta --json 'echo SHORT; exit 3' |
  sed 's/"wall":[0-9.e-]*/"wall":T/'
X
run 'events, job log and results' <<'X'
hxmd -P1 -C fleet.cf --on beta.lab.example,gamma.lab.example --events=events --joblog=log --results=res \
  'echo SHORT; test SHORT != beta' >out 2>&1
sed 's/"time":"[^"]*"/"time":T/; s/"\(wall\|user\|sys\|maxrss\)":[0-9.e-]*/"\1":N/g' events | sort
cut -f 1,2,7-9 log
cat res/*/stdout
grep -h -e host -e number res/*/meta.json
X
run 'what the commands read' <<'X'
echo from a file >in
hxmd -P1 -C fleet.cf -E SHORT=beta 'cat; echo end' </etc/passwd
hxmd -P1 -C fleet.cf -E SHORT=beta -i in 'cat; echo end' </etc/passwd
X
run 'little memory is enough' <<'X'
hxmd -P4 -s -C fleet.cf -L 512 'seq 3000; echo SHORT' >out
wc -l <out
awk '/[a-z]/ { if (want != 3001) print "mixed", NR; want = 1; next }
  { if (want == "") want = 1; if ($0 != want) print "mixed", NR; want++ }' out
hxmd -C fleet.cf -L 2x :
X
run 'each command is traced' <<'X'
hxmd -P1 -C fleet.cf --on beta.lab.example,gamma.lab.example -x 'echo SHORT'
X
