cp "$TESTS/fixtures/keys/ops.pub" .
t=new/folder/trust
fleetbox key trust -t $t -n inject@fleetbox,channel@fleetbox ops@example.com <ops.pub
stat -c %a $t
fleetbox key trust -t $t --valid-after 20200101 --valid-before 202101010000 \
  old@example.com <ops.pub
fleetbox key trust -t $t --valid-after 29990101Z -n '*@fleetbox' later <ops.pub
cat $t
fleetbox key list -t $t
fleetbox key list --json -t $t
