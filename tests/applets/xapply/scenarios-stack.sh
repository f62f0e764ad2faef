# Streams and pools inside each other.
. "$TESTS/fanout.sh"

# xapply L1: an output stream and a pool share one directory.
run L1 <<'X'
xclate -m -W '>&2' ptbw -m -J1 sh -c 'dirname $xcl_1 >&2; dirname $ptbw_1 >&2' </dev/null 2>&1 | sort -u | wc -l | tr -d ' '
X
# xapply L2: xapply -m -J: tokens, sections and tasks together.
run L2 <<'X'
XCLATE_1='-T "%x"' xapply -m -J2 -R2 -P2 'echo %t1%t2; sleep 0.2 %1 #' 0 0 0 | sort -u
X
