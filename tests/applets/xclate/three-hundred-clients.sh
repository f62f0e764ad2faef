# 300 clients at once, each section whole, and with 64 descriptors as well.
run='i=0; while [ $i -lt 300 ]; do seq 1000 | xclate $i & i=$((i + 1)); done; wait'
check() { awk '$1 != (NR - 1) % 1000 + 1 { bad++ } END { print NR, bad + 0 }'; }
timeout 50 xclate -m sh -c "$run" </dev/null | check
(ulimit -n 64; timeout 50 xclate -m sh -c "$run" </dev/null | check)
