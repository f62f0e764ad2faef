# Each failure is one line, with the name of what it is about.
. "$TESTS/lib.sh"
try() { "$@"; echo "rc=$?"; }
printf 'a\nb\n' >in
mkdir folder
try oue nosuch in folder </dev/null
try oue -D folder in
try oue -D folder/no/state in
try oue -I nosuch in
echo 'dear diary' >diary
try oue -D diary in
cat diary
printf '\316\232\127\023rest' >old.db
try oue -D old.db in
try oue -I old.db in
printf '\023\127\232\317rest' >old.db
try oue -D old.db in
mkfifo pipe
try oue -D pipe in
for wrong in -0 -M0 -i -v '-B x' '-R %9' '-k %k' '-k %(1,^)' '-R %[1/' '-e %u' \
  '-a xx' '--json -R x' '-H in'; do
  try oue $wrong in 2>&1 | grep -v '^usage:'
done
# A byte that changed.
oue -D state in >/dev/null
echo c | oue -D state >/dev/null
printf 'X' | dd of=state bs=1 seek=42 conv=notrunc 2>/dev/null
try oue -D state in
try oue -I state in
