# xclate(1), EXAMPLES.
. "$TESTS/lib.sh"
xclate -m -T '%x:' sh -c 'seq 3 | xclate one & seq 3 | xclate two & wait' | sort
xclate -m -s -r -N '|tr "\0" "\n" >&2' sh -c 'xclate good true; xclate bad false'
xclate -m -u ./log -O '>>log.txt' : &
await 'test -S log'
date | xclate -u ./log date
xclate -Q -u ./log bye true
wait
wc -l <log.txt | tr -d ' '
