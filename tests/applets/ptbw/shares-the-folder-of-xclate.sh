# xapply L1: an output stream and a pool share one directory.
xclate -m -W '>&2' ptbw -m -J1 sh -c 'dirname $xcl_1 >&2; dirname $ptbw_1 >&2' </dev/null 2>&1 | sort -u | wc -l | tr -d ' '
xclate -m -W '>&2' ptbw -m -J1 sh -c '[ "${xcl_1%/*}" = "${ptbw_1%/*}" ] && ptbw -A echo token'
ls -A
