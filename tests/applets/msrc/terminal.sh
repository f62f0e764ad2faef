# --tty: the utility has the operator's terminal, for as long as it runs.
. "$TESTS/msrc.sh"
command -v python3 >/dev/null || skip 'there is no python3'

send="msrc -C $T -E SHORT=beta --tty"
export send
mkdir "$here/bin"
cat >"$here/bin/typist" <<'X'
#!/bin/sh
exec python3 "$TESTS/fakes/typist.py" "$@"
X
chmod +x "$here/bin/typist"
PATH=$here/bin:$PATH

run 'it has the size and the type of ours, and what is typed' <<'X'
TERM=vt220 typist 90x30 wait:name? 'type:ada\r' -- \
  $send 'stty size; echo $TERM; tty <&2 | sed "s|[0-9]*$|N|"; printf "name? "; read -r n; echo "it is $n"; exit 3'
X
run 'no key is ours' <<'X'
typist 80x24 wait:ready 'type:\x03' -- \
  $send 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.1; done'
echo $?
typist 80x24 wait:ready 'type:\x1a\x04~~x' -- \
  $send 'stty raw -echo; printf ready; head -c 4 | od -An -c; stty sane'
X
run 'a size that changes' <<'X'
typist 80x24 wait:ready size:100x40 wait:100 -- \
  $send 'trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.1; done'
X
run 'a size that changes before it has it' <<'X'
printf 'echo calling >/dev/tty\nsleep 1\nexec sh %s "$@"\n' "$here/far_ssh" >"$here/slow"
sed "s|sh $here/far_ssh|sh $here/slow|" "$T" >"$here/slow.cf"
typist 80x24 wait:calling size:100x40 -- msrc -C "$here/slow.cf" -E SHORT=beta --tty \
  'for i in 1 2 3 4 5 6 7 8 9; do [ "$(stty size)" = "24 80" ] || break; sleep 0.5; done; stty size'
X
run '~. hangs up, and the terminal is as it was' <<'X'
typist 80x24 wait:ready 'type:x\r~.' wait:done -- sh -c '
  stty -g >before
  '"$send"' "trap \"echo gone >$here/gone\" HUP; echo ready; while [ ! -e $here/gone ]; do sleep 0.1; done"
  echo code $?
  stty -g | cmp - before && echo as before; echo done'
for i in 1 2 3 4 5 6 7 8 9 10; do [ ! -e "$here/gone" ] || break; sleep 0.3; done
cat "$here/gone"
X
run 'ended by a signal it is as it was, too' <<'X'
typist 80x24 wait:done -- sh -c '
  stty -g >before
  timeout --foreground -s TERM 2 '"$send"' "echo ready; exec sleep 50"
  stty -g | cmp - before && echo as before; echo done'
X
run 'by way of another host, too' <<'X'
mkdir "$here/ways" && printf '#!/bin/sh\nexec sh "%s" "$@"\n' "$here/far_ssh" >"$here/ways/ssh"
chmod +x "$here/ways/ssh"
PATH=$here/ways:$PATH typist 90x30 wait:name? 'type:ada\r' -- \
  $send --relay r1 'stty size; printf "name? "; read -r n; echo "it is $n"'
X
run 'what it cannot be with' <<'X'
msrc -C "$T" --tty :
typist 80x24 -- msrc -C "$T" --tty :
typist 80x24 -- $send --fold :
typist 80x24 -- $send -DPRE_CMD=: :
typist 80x24 -- $send -i plain.txt cat
typist 80x24 -- $send --transport tar :
X
