. "$TESTS/fleet.sh"
cat >inventory.ini <<'X'
# before any group
lonely.example ansible_port=2222

[web]
web[01:03].example http_port=80 note="two words"  # a comment
other.example:2200 ansible_user=deploy

[web:vars]
tier = 'front'
http_port = 8080

[db]
db-[a:b].example

[site:children]
web
db

[site:vars]
region=eu
tier=any

[all:vars]
ntp=time.example
X
run 'an inventory of Ansible' <<'X'
efmd -C ansible:inventory.ini --table
X
run 'its groups elect' <<'X'
efmd -C ansible:inventory.ini -E '-1!=index(GROUPS,db)' -L
efmd -C ansible:inventory.ini -T HXMD_OPT_C -E HOST=lonely.example 'PORT NTP'
X
run 'written and read again' <<'X'
efmd -C ansible:inventory.ini --ansible >again.ini
cat again.ini
all='NTP PORT REGION TIER HTTP_PORT NOTE ENTRY_LOGIN'
efmd -C ansible:inventory.ini -o "$all" --csv >a.csv
efmd -C ansible:again.ini -o "$all" --csv >b.csv
cmp a.csv b.csv && echo same
efmd -C ansible:again.ini -o GROUPS --table | tail -n 2
X
run 'hostile values, there and back' <<'X'
printf '%s\n' '%HOST A B C D E' \
  'h1 "it'\''s \"x\" \\ #y" "a\nb\tc" "True" "1,2" "[x]"' >t.cf
efmd -C t.cf --ansible | tee t.ini
efmd -C t.cf --json >a.json; efmd -C ansible:t.ini --json >b.json
cmp a.json b.json && echo same
X
run 'a host that no inventory can hold' <<'X'
echo '"a=b"' >t.cf
efmd -C t.cf --ansible
X
run 'a group inside itself' <<'X'
printf '%s\n' '[a:children]' b '[b:children]' a >bad.ini
efmd -C ansible:bad.ini -L
X
run 'a group that is not there' <<'X'
printf '%s\n' '[a:children]' b >bad.ini
efmd -C ansible:bad.ini -L
X
run 'a range without end' <<'X'
printf '%s\n' 'h[1:999999999]' >bad.ini
efmd -C ansible:bad.ini -L
X
run 'a variable that is none' <<'X'
printf '%s\n' 'h1 novalue' >bad.ini
efmd -C ansible:bad.ini -L
X
mkdir -p .ssh/conf.d
cat >.ssh/config <<'X'
Include conf.d/*.conf
Host jump bastion
  HostName gate.example
  User=ops
Host *.lab.example !beta.lab.example
  Port 2200
Host beta.lab.example
  User "Ada"
Match exec "true"
  User nobody
Match originalhost beta.lab.example
  Port 2201
Host *
  User everyone
  HostName %h.full
X
printf '%s\n' 'Host alpha.lab.example' ' User first' >.ssh/conf.d/a.conf
printf '%s\n' 'Host hidden' ' User second' >.ssh/conf.d/.b.conf
run 'an ssh_config' <<'X'
efmd -C 'ssh:~/.ssh/config' --table
X
run 'it adds to a table' <<'X'
efmd -C fleet.cf -X ssh:.ssh/config -B ENTRY_LOGIN 'HOST ENTRY_LOGIN'
X
run 'it includes itself' <<'X'
echo "Include $PWD/loop" >loop
efmd -C ssh:loop -L
X
