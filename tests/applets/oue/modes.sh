# What passes, how often, and what is said of it.
printf 'x 1\ny 2\nx 3\nx 4\nz 5\ny 6\n' >in
echo '-c'; oue -c -k '%[1 1]' in
echo '-d'; oue -d -k '%[1 1]' -R '%1' in
echo '-M3'; oue -M3 -k '%[1 1]' -R '%k %c' in
echo '-dM1'; oue -dM1 -k '%[1 1]' in
echo '-l'; oue -l -k '%[1 1]' -R '%n %1' in
echo '-S'; oue -cS -k '%[1 1]' in in
echo '-s and -b'; oue -sc -b 20k -k '%[1 1]' in
echo '-f -e'; oue -l -f '%k:' -e '%p %[1 2]' -k '%[1 1]' -R '%e' in
echo '-2 -p'; oue -2 -p 'x 4' -R '%2, %1' in
printf 'a\nb\nc\n' | oue -2 -p PAD -R '%*'
echo '-5'; oue -5 -p PAD in | tail -n 4
echo '-z'; printf 'a\nb\0c\0a\nb\0' | oue -z | tr '\0' '|'; echo
echo '-a'; oue -a^ -k '^[1 1]' -R '^k %' in
echo '%i %f'; oue -R '%i %f %k' -k '%f' in in /dev/null - <in
echo 'case'; oue -k '%U[1 1]' -R '%k %L(1,$-1)' in
