# oue(1), EXAMPLES.
printf 'Nov 21 10:00:01 web sshd up\nNov 21 10:00:02 web cron error 1\nNov 21 10:00:03 web sshd down\n' >messages
oue -cl -k '%[1 5]' -R '%t %k (line %n)' messages
printf 'a.example\nb.example\n' >old.cf
printf 'b.example\nc.example\n' >new.cf
oue *.cf
oue -d old.cf new.cf
printf 'b 1\na 2\nb 3\nc 4\na 5\n' >words
oue -ld -e '%P,%n' -k '%[1 1]' -R '%k=%e' words
grep error messages | oue -D seen
echo 'Nov 21 11:00:00 web cron error 2' >>messages
grep error messages | oue -D seen
oue -iI seen </dev/null
printf 'a\nb\na\n' >today
oue -ciI totals -D totals today
printf 'b\nc\n' >today
oue -ciI totals -D totals today
printf 'a\n1\na\n2\nb\n1\n' >pairs
oue -2 -k %1 --json pairs
