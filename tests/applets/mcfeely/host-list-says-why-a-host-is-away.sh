# Of a host that is called and cannot be reached, status and host list say why,
# and when it is called again; of one that comes by itself, that it is not there.
. "$TESTS/mcfeely.sh"
CONFIG='host gone unix:none.sock'
fleet h1
mcfeely-inject -q gone ok
mcfeely-inject -q --allow-unknown-host away ok
await "mcfeely-server host list | grep -q 'tried again'"
mcfeely-server host list | sed -E 's/ in [0-9]+s$| now$/ SOON/; s/  +/  /g'
mcfeely-server status | sed -n '/^HOST/,$p' | grep -c 'tried again'
mcfeely-server status -j | grep -e '"away":' -e '"again":' | sed 's/"20.*Z"/TIME/'
