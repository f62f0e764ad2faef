# --plan=sh prints a script that does what a run would; -n tells each host's
# part. Neither calls anybody.
. "$TESTS/msrc.sh"

# Names a shell could mistake, a file whose last line has no end, one with
# bytes that are no text.
echo odd >"it's \$HOME.host"
printf 'no end of SHORT' >tail.host
printf -- '-a\000b%%c\\SHORT\n\001' >bytes.host

run 'a list tells of each host' <<'X'
msrc -n -C "$T" -y FLAG=two echo done
for i in 1 2 3 4 5 6 7 8 9; do echo $i >$i.host; done
msrc -n -C "$T" -E SHORT=beta --transport rsync 2>&1 | grep more
msrc -n -l -C "$T" -E SHORT=beta 2>&1 | sed -n '2p;$p'
rm [1-9].host
ls "$here/far"
X
run 'a script is printed, and nobody called' <<'X'
msrc --plan=sh -C "$T" 'cat motd tail; echo; exit 3' >"$here/plan"
ls "$here/far"
sh -n "$here/plan"
X
run 'it does what the run does' <<'X'
sh "$here/plan"
code=$?
mv "$here/far" "$here/far.plan"
mkdir "$here/far"
msrc -C "$T" 'cat motd tail; echo; exit 3' >/dev/null 2>&1
echo $code $?
diff -r -x log "$here/far" "$here/far.plan"
(cd "$here/far.plan" && find . -name '.m*' -o -path '*/app/*' | sort)
od -c "$here/far.plan/alpha.lab.example/app/bytes"
X
run 'it leaves nothing, and runs once at a time' <<'X'
work=$(sed -n 's/^work=//p' "$here/plan")
ls "$work"
mkdir "$work"
sh "$here/plan" || echo $?
rmdir "$work"
X
run 'hooks, and the target for the end' <<'X'
msrc --plan=sh -C "$T" -DPRE_CMD='echo pre SHORT' -DPOST_CMD='exit 4' -m other:__clean \
  -E SHORT=beta : >"$here/plan"
sed -n '/^make/p' "$here/plan"
sh "$here/plan"
X
run 'local mode' <<'X'
msrc --plan=sh -l -C "$T" 'cat motd tail; echo' >"$here/plan"
sh "$here/plan"
X
run 'what a script cannot heed' <<'X'
for o in --json --halt=now,fail=1 -n '-K:' '-r HOST' '-Q x' --check --prune '-Nx' --plan=perl; do
  case $o in --plan*) msrc $o -C "$T" ;; *) msrc --plan=sh "$o" -C "$T" ;; esac
done
X
run 'hxmd, too' <<'X'
export HXMD_PASS=
hxmd --plan=sh -C "$T" -F1 -e 'N=n%u' 'echo $N; cat %1; echo; exit %u' tail.host >"$here/plan" ||
  echo "[$?]"
sh "$here/plan"
echo "$?"
hxmd --plan=sh -C "$T" "ifelse(SHORT,beta,\`m4exit(3)')echo SHORT" >"$here/plan"
sh "$here/plan"
echo 'cut short:'
head -n -1 "$here/plan" | sh
hxmd --plan=sh -C "$T" -c 'echo ran %9' : >"$here/plan"
sh "$here/plan" 2>/dev/null || echo 'nothing is run'
X
