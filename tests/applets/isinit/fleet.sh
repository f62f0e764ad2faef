# isinit 45, 46: a tell for several hosts, one of which is down; an unknown key
# is refused; a table with a lower number is refused.
. "$TESTS/lib.sh"
with_keys user:ops host:a host:b host:c
fleetbox-key new stranger >/dev/null
for h in a c; do
  mkdir $h
  echo "g:t$h:1:respawn:exec sleep 1000" >$h/tab
  serve isinit -d -c "$PWD/$h/tab" -r $h/run -N $h -i "keys/host:$h" \
    --trust keys/allowed_signers -l unix:$PWD/$h/remote --ready-fd 3
done
hosts="a=unix:$PWD/a/remote,b=unix:$PWD/b/remote,c=unix:$PWD/c/remote"
f() { isinit -H "$hosts" -i keys/user:ops "$@" 2>&1 | sed "s|$PWD/||g" | sort; }
f tell --wait=30s g 1
isinit -H "$hosts" -i keys/user:ops g 1 >/dev/null
echo "code $?"
f status | grep -v GROUP | sed 's/up .*/up/; s/  */ /g'
hosts="a=unix:$PWD/a/remote,c=unix:$PWD/c/remote"
f push --generation 5 a/tab
f push --generation 4 a/tab
f drift | sed 's/ [0-9a-f]\{16\} / HASH /'
f tell --all-or-none nogroup 1
f tell --batch 1 --stop-on-fail 1 g 0
