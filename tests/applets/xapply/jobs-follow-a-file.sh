# --jobs=@FILE: the number is read again when the file changes, for less and for
# more.
. "$TESTS/fanout.sh"
echo 1 >jobs
xapply --jobs=@jobs 'touch up.%1; ./await "test -e go.%1"; echo %1; rm up.%1' \
  a b c d e &
pid=$!
running() { ls | sed -n 's/^up\.//p' | tr '\n' ' '; }
await '[ "$(running)" = "a " ]'
echo 3 >jobs
await '[ "$(running)" = "a b c " ]' && echo three
# Written as an editor does. That it has been read cannot be seen from outside.
echo 1 >new && mv new jobs
sleep 0.5
touch go.a
await '[ "$(running)" = "b c " ]'
touch go.b
await '[ "$(running)" = "c " ]' && echo one
touch go.c
await '[ "$(running)" = "d " ]' && echo still one
echo 2 >jobs
await '[ "$(running)" = "d e " ]' && echo two
touch go.d
await '[ "$(running)" = "e " ]'
touch go.e
wait $pid
