# What the options of the built-in transport come to where it is not there, and
# besides hooks.
. "$TESTS/msrc.sh"
cat >"$here/one" <<'X'
exec msrc -C "$T" -E SHORT=alpha "$@"
X
chmod +x "$here/one"

run 'whoever asks for a check gets no delivery' <<'X'
"$here/one" -l --check touch "$here/ran"
"$here/one" --transport tar --check touch "$here/ran"
"$here/one" --transport rsync --diff touch "$here/ran"
"$here/one" -y MODE=local --detach touch "$here/ran"
"$here/one" -l --prune touch "$here/ran"
test -e "$here/ran" || echo 'nothing was run'
X
run 'what bounds a connection may be said for all runs' <<'X'
MSRC='--connect-timeout 5s --lock-wait 5s --max-prune 3 --no-sync' "$here/one" -l cat motd
MSRC='--connect-timeout 5s --no-cache' "$here/one" --transport tar cat motd
X
rm -rf "$here/far"/*
run 'a list calls nobody' <<'X'
"$here/one" -n --check echo not | sed 's|/[0-9]*/update|/update|'
ls "$here/far"
X
run 'a utility is not run twice' <<'X'
"$here/one" --retries 3 --retry-delay 1ms 'echo run >>../runs; exit 3'
"$here/one" -DPRE_CMD=: --retries 3 --retry-delay 1ms 'echo run >>../runs; exit 3'
"$here/one" --transport tar --retries 1 --retry-delay 1ms 'echo run >>../tar; exit 3'
wc -l <"$here/far/alpha.lab.example/runs"
wc -l <"$here/far/alpha.lab.example/tar"
X
run 'a host that cannot be reached is called again' <<'X'
printf 'echo call >>%s/calls; echo no route >&2; exit 255\n' "$here" >"$here/dead"
sed 's|SSH=.*|SSH="sh '"$here"'/dead"|' "$T" >"$here/dead.cf"
msrc -C "$here/dead.cf" -E SHORT=alpha --retries 2 --retry-delay 1ms,2 ls
msrc -C "$here/dead.cf" -E SHORT=alpha -DPRE_CMD=: --retries 2 --retry-delay 1ms ls
wc -l <"$here/calls"
X
run 'what takes too long' <<'X'
"$here/one" --timeout 100ms sleep 50
"$here/one" --timeout 100ms -DPRE_CMD=: sleep 50
X
run 'what is left running' <<'X'
"$here/one" --detach 'echo kept; exit 4' 2>"$here/told"
grep -c '^msrc: run .*: see --attach$' "$here/told"
"$here/one" --attach
"$here/one" --attach 2>&1 | sed 's/run [0-9a-f]*:/run RUN:/'
"$here/one" --detach -DPRE_CMD=: 'echo kept with a hook' 2>/dev/null
run=$(msrc --history=1 --json 2>/dev/null | sed 's/.*"run":"//; s/".*//')
"$here/one" --attach="$run"
X
run 'a run is taken up again' <<'X'
msrc -C "$T" 'test $MSRC_HOST = alpha.lab.example || test -e again || { : >again; exit 3; }'
msrc --history=1 | awk '{ print $4, $5, $7 }'
msrc -C "$T" --retry-failed --tag=%{host}: 'echo once more'
msrc -C "$T" --resume 2>&1 | sed "s|[0-9]*T[0-9.]*Z-[0-9a-f]*|RUN|"
X
run 'what is carried by hand' <<'X'
"$here/one" --bundle "$here/alpha.bundle" cat motd
(cd "$here/far" && HOME=$PWD msrc-recv --apply "$here/alpha.bundle")
msrc -C "$T" --bundle "$here/both.bundle" cat motd
"$here/one" --transport tar --bundle "$here/both.bundle" cat motd
ls "$here" | grep bundle
X
run 'a banner is shown to who looks for it' <<'X'
sed '$i echo "Property of nobody"' "$here/far_ssh" >"$here/loud"
sed 's|far_ssh|loud|' "$T" >"$here/loud.cf"
msrc -C "$here/loud.cf" -E SHORT=alpha cat motd
msrc -C "$here/loud.cf" -E SHORT=alpha -d X cat motd 2>&1 | grep says
X
