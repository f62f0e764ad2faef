# The first things somebody will try.
cat >greet.m4 <<'END'
define(`greet', `Hello, $1!')dnl
greet(`world')
END
m4 greet.m4
m4 -DHOST=alpha.example - <<'END'
host HOST, short regexp(HOST, `^[^.]*', `\&')
END
echo 'format(`%05d'\'', eval(6 * 7))' | m4
cat >motd.m4 <<'END'
include(`site.m4')dnl
This is HOST of SITE.
END
mkdir lib
echo 'define(`SITE'\'', `the lab'\'')dnl' >lib/site.m4
m4 -I lib -D HOST=beta motd.m4
