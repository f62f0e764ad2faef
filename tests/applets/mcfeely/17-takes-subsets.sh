# mcfeely 17: --only and its companions, on the job file of jobfile(5).
. "$TESTS/lib.sh"
cat >virtdom.job <<'X'
# create a virtual domain
param      domain
param      ip        192.0.2.7
description "virtual domain ${domain}"
failure    ops@example.com
success    sales@example.com
default    timeout=5m retry-for=2d

task zone    ns1.example.com   virtdom_named_conf_add ${domain}
task nshup   ns1.example.com   virtdom_named_hup
task web     www3.example.com  virtdom_httpd_conf_add ${domain} ${ip}
task stats   www3.example.com  virtdom_httpd_stats_conf ${domain}
task wwwhup  www3.example.com  virtdom_httpd_hup
task tell    hub.example.com   virtdom_alias_info ${domain} : delay=10m

group httpd  web stats
require nshup  zone
require wwwhup httpd
require tell   nshup wwwhup
imply   zone   nshup
imply   httpd  wwwhup
X
flat() {
  echo "== $*"
  mcfeely-inject -n -f virtdom.job -D domain=example.com "$@" |
    grep -e ^task -e ^require
}
flat --only web
flat --only zone
flat --only tell
flat --only tell --with-needs
flat --only web --with-dependents
mcfeely-inject -n -f virtdom.job
echo "exit $?"
mcfeely-inject -n -f virtdom.job -D domain=example.com --only wbe
echo "exit $?"
