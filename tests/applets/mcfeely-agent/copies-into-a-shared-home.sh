# Several hosts that share a home are brought the executable at the same time:
# all of them get it, and nothing is left lying about.
. "$TESTS/mcfeely.sh"
. "$TESTS/ssh.sh"
far_hosts h1 h2 h3 h4 h5 h6 >far.conf
CONFIG=$(cat far.conf) fleet
printf '#!/bin/sh\necho "$MCFEELY_HOST"\n' >far/comm/name
chmod 755 far/comm/name
mcfeely-inject -q -w -e 'task t1 h1 name' -e 'task t2 h2 name' \
  -e 'task t3 h3 name' -e 'task t4 h4 name' -e 'task t5 h5 name' \
  -e 'task t6 h6 name' 2>/dev/null
states 1
ls far/.cache/fleetbox | sed 's/-.*/-HASH/'
