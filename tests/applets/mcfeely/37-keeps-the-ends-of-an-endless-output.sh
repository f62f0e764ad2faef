# mcfeely 37: comms that print a gigabyte, with and without newlines, or NUL and
# 0x04 bytes: both ends of it are kept byte for byte, its length is told, and
# neither the server nor the agent grows.
. "$TESTS/mcfeely.sh"
fleet h1
comm h1 zeros <<'X'
printf first; head -c 1073741824 /dev/zero; printf last
X
comm h1 lines <<'X'
yes 'a line like many others, and no more than that' | head -c 1073741824
X
comm h1 bytes <<'X'
printf 'a\000\004b\377'
X
for c in zeros lines bytes; do
  mcfeely-inject -wq h1 $c 2>/dev/null
  echo "[$?]"
done
# A sanitizer, whose build is not static, takes as much again.
most=65536
ldd "$BIN" 2>/dev/null | grep -q '=>' && most=131072
small() {
  peak=$(sed -n 's/VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status")
  [ "$peak" -lt "$most" ] && echo small || echo "$peak kB"
}
small "$server"
small "$agent_h1"
for job in 1 2 3; do
  mcfeely-server show -j $job | grep output_bytes
  mcfeely-server show $job.task | tr '\000' 0 | grep -ao -e '^first' -e '.......last$' \
    -e '^\[.* bytes not kept\]$'
done
mcfeely-server show 2.task | grep -c '^a line like many others'
# Those of the third, and a newline.
mcfeely-server show 3.task | tail -c 6 | od -An -to1
