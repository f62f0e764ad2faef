# mcfeely-inject(1): what a job file comes to, whole and in part. No server is
# there, and none is needed.
cat >virtdom.job <<'X'
param      domain
description "virtual domain ${domain}"
task zone    ns1   virtdom_named_conf_add ${domain}
task nshup   ns1   virtdom_named_hup
task web     www3  virtdom_httpd_conf_add ${domain} 192.0.2.7
task wwwhup  www3  virtdom_httpd_hup
task tell    hub   virtdom_alias_info ${domain}
require nshup  zone
require wwwhup web
require tell   nshup wwwhup
X
mcfeely-inject -n -f virtdom.job -D domain=example.com
echo "[$?]"
mcfeely-inject -n -f virtdom.job -D domain=example.com --only web --with-dependents
