# xapply(1): answers in order; a device for each task that runs.
. "$TESTS/fanout.sh"
printf '#!/bin/sh\necho "I am $1,"\n[ $1 = web3 ] || ./await "test -e web3.asked"\ntouch $1.asked\necho well.\n' >ask
chmod +x ask
printf 'web1\nweb2\nweb3\n' >hosts
xapply -fm -P8 --keep-order --group-header='== %1' './ask %W1' hosts
mkdir dev1 dev2 dev3
printf '%s\n' dev1 dev2 dev3 >devices
for i in 1 2 3 4 5 6; do echo $i >"in $i"; echo "in $i"; done >files
xapply -f -t devices -P9 'cp %W1 %t1' files
cat dev?/* | sort
