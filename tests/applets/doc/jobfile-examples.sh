# The examples of jobfile(5), as they stand there.
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
task nshup   ns1.example.com   virtdom_named_hup           : step=10
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
mcfeely-inject -n -f virtdom.job -D domain=example.org
echo "exit $?"
mcfeely-inject -n -f virtdom.job -D domain=example.org --only web
mcfeely-inject -n -f virtdom.job -D domain=example.org --only tell --with-needs |
  grep -c ^task
cat >web.json <<'X'
{"tasks": [{"name": "web", "host": "www3.example.com",
            "comm": "virtdom_httpd_conf_add",
            "arguments": ["example.org", "192.0.2.7"],
            "options": {"timeout": "5m", "step": 10}}]}
X
mcfeely-inject -n -f web.json
mcfeely-inject -n --json -f web.json | mcfeely-inject -n -f -
