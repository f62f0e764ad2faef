# mcfeely-policy(5): the example, and what it allows.
cat >policy <<'P'
allow *@ops.example.com run restart ... on web* db*
allow *@ops.example.com operate
allow alice@example.com bob@example.com \
      run reload nginx on web* as www-data with env=LANG
allow * read
P
mcfeely-server policy -f policy
mcfeely-server policy -f policy alice@example.com
mcfeely-server policy -f policy -u www-data alice@example.com web1 reload nginx
mcfeely-server policy -f policy alice@example.com web1 reload nginx
echo "[$?]"
mcfeely-server policy -f policy -u www-data -w env=LANG -w stdin alice@example.com web1 reload nginx
mcfeely-server policy -f policy eve@ops.example.com db1 restart a 'b c'
mcfeely-server policy -f policy eve db1 restart
mcfeely-server policy -f policy eve db1
# Named by the configuration; wrong in more than one line.
echo "policy wrong" >conf
printf 'deny all\nallow eve\n' >wrong
mcfeely-server policy -c conf
mcfeely-server policy -f nowhere
echo "[$?]"
