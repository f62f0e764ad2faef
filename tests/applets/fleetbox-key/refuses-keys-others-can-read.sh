fleetbox key new -c c k >/dev/null
for mode in 644 640 604 600; do
  chmod $mode k
  rm -f k.pub
  fleetbox key show k >/dev/null
  echo "$mode: $?"
done
