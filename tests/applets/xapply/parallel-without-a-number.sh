# -P alone: $PARALLEL, else 3. What is not a number there is GNU parallel's.
. "$TESTS/fanout.sh"
together() {
  rm -f up.*
  seq "$1" | xapply -P -f "touch up.%1
    ./await '[ \$(ls up.* | wc -l) -ge $1 ]' && echo met" - | sort | uniq -c |
    tr -s ' '
}
together 3
PARALLEL='--keep-order -j9' together 3
PARALLEL= together 3
PARALLEL=4 together 4
seq 30 | PARALLEL=2 xapply -P -f 'echo %t1; : %1' - | sort -u | tr '\n' ' '
seq 30 | PARALLEL=2 xapply -f 'echo %t1; : %1' - | sort -u
xapply -P-3 'echo' a 2>/dev/null
echo "$?"
