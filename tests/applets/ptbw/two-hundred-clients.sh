# 200 clients at once, of a pool of three: no token is ever lent twice. And the
# same with 64 descriptors.
cat >hold <<'S'
#!/bin/sh
# A folder can be made once.
mkdir "token.$1" || echo "lent twice: $1"
echo $1 >>used
rmdir "token.$1"
S
chmod +x hold
run='i=0; while [ $i -lt 200 ]; do ptbw -A ./hold & i=$((i + 1)); done; wait'
timeout 50 ptbw -m -J3 sh -c "$run"; wc -l <used | tr -d ' '; sort -u used
rm used
(ulimit -n 64; timeout 50 ptbw -m -J3 sh -c "$run"); wc -l <used | tr -d ' '; sort -u used
ls
