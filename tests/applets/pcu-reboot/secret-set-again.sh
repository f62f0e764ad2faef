# power 15: a refused password is not tried again, until it is set anew.
. "$TESTS/power.sh"
controllers
ipmi 1 | sed 's/file:[^ ]*/"bmcs"/' >pcu.conf
opened() {
  : >serve.1.log
  kill -USR1 $served
  await '[ -s serve.1.log ]'
  sed 's/.* opens \([0-9]*\) .*/opens \1/' serve.1.log
}
echo wrong | pcu-reboot secret set bmcs
pcu-reboot -q status h1
echo "[$?]"
opened
pcu-reboot -q status h1 | sed 's/until [^ ]*Z/until T/'
opened
echo '--- the same once more is not another'
echo wrong | pcu-reboot secret set bmcs
pcu-reboot -q status h1 | sed 's/until [^ ]*Z/until T/'
echo '--- set'
echo secret | pcu-reboot secret set bmcs
pcu-reboot status h1 | untimed
opened
