# power 40: 1000 controllers by a handful of descriptors; the dead hold up nobody.
. "$TESTS/power.sh"
# More addresses than a test has of its own elsewhere.
first=127.$(($$ % 30 + 221)).0.1
controllers --address=$first --count=1000 --dead=50
awk -v first=$first -v secret=$PWD/password 'BEGIN {
  split(first, byte, ".")
  for (n = 1; n <= 1000; n++)
    printf "pcu \"bmc%d\" { ip \"%d.%d.%d.%d\" ports ipmi 10623 user \"admin\" secret file:%s node \"h%d\" \"1\" }\n",
      n, byte[1], byte[2], n / 256, n % 256, secret, n
}' >pcu.conf
pcu-reboot -t 8s status 'h[1-1000]' >answers 2>errors &
run=$!
await '[ "$(grep -c ": on " answers)" = 950 ]'
kill -0 $run && echo 'the dead are still waited for'
[ "$(ls /proc/$run/fd | wc -l)" -lt 20 ] && echo 'few descriptors'
wait $run
echo "[$?]"
grep -c 'FAILED timeout' answers
tail -3 answers
cat errors
