# The demo's comms: run twice they change nothing more, and what is wrong, in
# their arguments or in a file of the host, is refused with 100 and changes
# nothing at all.
demo=$TESTS/demo
for host in names web mail; do
  mkdir -p $host/comm $host/root
  cp "$demo/comm/$host"/* "$demo/comm/lib.sh" $host/comm/
  cp -R "$demo/hosts/$host/." $host/root/
  mkdir -p $host/root/var/lock $host/root/var/run
  echo "$PWD/$host/root" >$host/comm/root
done
mkdir work
run() {  # HOST COMM ARG ...
  host=$1 comm=$2
  shift 2
  (cd work && MCFEELY_COMM_DIR="$PWD/../$host/comm" "../$host/comm/$comm" "$@")
}
tree() { find */root -type f -exec cksum {} + | sort; }

all() {
  run names virtdom_named_conf_add a.example 192.0.2.9
  run names virtdom_reverse_domain a.example 192.0.2.9
  run names virtdom_named_hup
  for n in 1 2 3; do run web virtdom_interface a.example 192.0.2.9; done
  run web make_www_homedir a.example
  run web setquota a.example 50
  run web virtdom_http_stubindex a.example
  run web virtdom_httpd_conf_add a.example 192.0.2.9
  run web virtdom_httpd_stats_conf a.example
  run web virtdom_httpd_hup
  for who in webmaster info; do
    run mail virtdom_alias_$who a.example me@example.net
  done
  run mail virtdom_forward_domain a.example me@example.net
  run mail virtdom_rcpthosts_add a.example
  run mail virtdom_virtualdomains_add a.example
  run mail virtdom_qmail_hup
  run mail listfile_add virtdoms a.example
}
all
tree | grep -v eth0 >once
echo "-- again"
all | grep -v 'nothing to do'
tree | grep -v eth0 | cmp once - && echo "the same files"
find . -name '*.new' -o -path '*/var/lock/*'

echo "-- wrong arguments"
tree >before
for domain in '' ../x a 'a.b c' -a.example 'a.example"; };'; do
  run names virtdom_named_conf_add "$domain" 192.0.2.9
  echo "[$?]"
done
run names virtdom_named_conf_add b.example 192.0.2.256; echo "[$?]"
run web virtdom_interface b.example 192.0.2.9; echo "[$?]"
run web setquota a.example much; echo "[$?]"
run mail virtdom_alias_info a.example 'x|rm@example.net'; echo "[$?]"
run mail virtdom_alias_info a.example you@example.net; echo "[$?]"
run mail listfile_add ../virtdoms x; echo "[$?]"

echo "-- wrong files"
tree | cmp before -
echo '<VirtualHost 192.0.2.5:80>' >>web/root/etc/httpd.conf
printf '%s\n' '@ IN A 1.2.3' >>names/root/var/named/192.0.2.rev
echo 'a b' >>mail/root/var/qmail/control/rcpthosts
echo 'no alias:' >>mail/root/var/qmail/control/virtualdomains
tree >before
run web virtdom_httpd_conf_add b.example 192.0.2.10; echo "[$?]"
run web virtdom_httpd_hup; echo "[$?]"
run names virtdom_reverse_domain b.example 192.0.2.10; echo "[$?]"
run names virtdom_named_hup; echo "[$?]"
run mail virtdom_rcpthosts_add b.example; echo "[$?]"
run mail virtdom_virtualdomains_add b.example; echo "[$?]"
run mail virtdom_qmail_hup; echo "[$?]"
tree | cmp before - && echo "unchanged"

echo "-- two at a time"
ln -s $$ mail/root/var/lock/etc_virtdoms
run mail listfile_add virtdoms b.example | sed 's/[0-9][0-9]*/PID/'
true &
wait $!
ln -sfn $! mail/root/var/lock/etc_virtdoms
run mail listfile_add virtdoms b.example >/dev/null; echo "[$?]"
run mail listfile_add virtdoms b.example; echo "[$?]"
