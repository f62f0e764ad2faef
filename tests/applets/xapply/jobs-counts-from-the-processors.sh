# --jobs: a number, or one that counts from the number of processors.
. "$TESTS/fanout.sh"
n=$(nproc)
# How many run at once: as many as meet. Nobody waits for one more than that.
together() {
  rm -f up.*
  seq "$2" | xapply --jobs="$1" -f "touch up.%1
    ./await '[ \$(ls up.* | wc -l) -ge $2 ]' && echo met" - | sort | uniq -c
}
together 3 3 | tr -s ' '
together 100% "$n" | grep -c " $n met"
together +1 $((n + 1)) | grep -c " $((n + 1)) met"
# Never more: each notes how many are there.
seq 40 | xapply --jobs=3 -f 'mkdir at.%t1 || echo twice; rmdir at.%t1; : %1' -
seq 40 | xapply --jobs=3 -f 'echo %t1; : %1' - | sort -u | tr '\n' ' '
echo
# Fewer than one is one.
xapply --jobs=-9999 'echo' one
for bad in 0x -- 5%% @nosuch; do
  xapply --jobs="$bad" 'echo' a 2>/dev/null || echo refused
done
