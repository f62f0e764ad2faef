# The first things somebody will try.
oue --help
oue -V
oue -H
printf 'one\ntwo\none\n' >a
printf 'two\nthree' >b
oue a b
oue - b <a
oue /dev/null
