# The dicer: fields of a value.
. "$TESTS/fanout.sh"

# xapply C1: select a field; past the end is empty; 0 and no number mean 1.
run C1 <<'X'
xapply -n '<%[1.2]>' 'web01.example.net'
xapply -n '<%[1.3]>' 'web01.example.net'
xapply -n '<%[1.9]>' 'web01.example.net'
xapply -n '<%[1.0]>' 'web01.example.net'
xapply -n '<%[1.]>' 'web01.example.net'
xapply -n '<%[1.$]>' 'web01.example.net'
X
# xapply C2: remove a field; past the end removes nothing.
run C2 <<'X'
xapply -n '<%[1.-1]>' 'web01.example.net'
xapply -n '<%[1.-2]>' 'web01.example.net'
xapply -n '<%[1.-3]>' 'web01.example.net'
xapply -n '<%[1.-$]>' 'web01.example.net'
xapply -n '<%[1.-9]>' 'web01.example.net'
xapply -n '<%[1.-]>' 'web01.example.net'
X
# xapply C3: chains are applied left to right.
run C3 <<'X'
xapply -n '<%[1:1.1]>' 'web01.example.net:8443:front,blue'
xapply -n '<%[1:3,2]>' 'web01.example.net:8443:front,blue'
xapply -n '<%[1:-2]>' 'web01.example.net:8443:front,blue'
xapply -n '<%[1:1.-1]>' 'web01.example.net:8443:front,blue'
xapply -n '<%[1:-1:-1,$]>' 'web01.example.net:8443:front,blue'
xapply -n '<%[1:2:2]>' 'web01.example.net:8443:front,blue'
X
# xapply C4: a value without the separator: field 1 and $ are the whole,
# others empty, removal keeps it.
run C4 <<'X'
xapply -n '<%[1/1]>' 'plain'
xapply -n '<%[1/$]>' 'plain'
xapply -n '<%[1/2]>' 'plain'
xapply -n '<%[1/-1]>' 'plain'
xapply -n '<%[1/-$]>' 'plain'
xapply -n '<%[1/-2]>' 'plain'
X
# xapply C5: empty fields count.
run C5 <<'X'
xapply -n '<%[1/1]>' '/var//log/'
xapply -n '<%[1/2]>' '/var//log/'
xapply -n '<%[1/$]>' '/var//log/'
xapply -n '<%[1/-1]>' '/var//log/'
xapply -n '<%[1/-$]>' '/var//log/'
X
# xapply C6: a blank separator is any run of white space; leading white space
# makes an empty field 1.
run C6 <<'X'
xapply -n '<%[1 1]>' '  load  0.5 1.0'
xapply -n '<%[1 2]>' '  load  0.5 1.0'
xapply -n '<%[1 3]>' '  load  0.5 1.0'
xapply -n '<%[1 4]>' '  load  0.5 1.0'
xapply -n '<%[1 $]>' '  load  0.5 1.0'
X
# xapply C7: removal with a blank separator eats one white space character.
run C7 <<'X'
xapply -n '<[%[1 -2]]>' 'a   bb   c'
xapply -n '<[%[1 -$]]>' 'a   bb   c'
xapply -n '<[%[1 -1]]>' 'a   bb   c'
X
# xapply C8: backslash makes blank, digits, ] and backslash plain separators.
run C8 <<'X'
xapply -n '<%[1\ 2]>' 'a b7c]d\e'
xapply -n '<%[1\72]>' 'a b7c]d\e'
xapply -n '<%[1\]2]>' 'a b7c]d\e'
xapply -n '<%[1\\2]>' 'a b7c]d\e'
X
# xapply C9: the separators - $ @ and the escape itself need no quoting.
run C9 <<'X'
xapply -n '<%[1-2]>' 'a-b-c$d@e%f'
xapply -n '<%[1--2]>' 'a-b-c$d@e%f'
xapply -n '<%[1$2]>' 'a-b-c$d@e%f'
xapply -n '<%[1@2]>' 'a-b-c$d@e%f'
xapply -n '<%[1%$]>' 'a-b-c$d@e%f'
X
# xapply C10: @ applies the rest of the expression to every field and joins
# with the separator.
run C10 <<'X'
xapply -n '<%[1,@=2]>' 'k=1,l=22,m=333:x'
xapply -n '<%[1,@=-2]>' 'k=1,l=22,m=333:x'
xapply -n '<%[1,@=9]>' 'k=1,l=22,m=333:x'
xapply -n '<%[1:1,@=1]>' 'k=1,l=22,m=333:x'
X
# xapply C11: dicing the last, all, the counter, and nothing.
run C11 <<'X'
xapply -n -2 '%[$/1] %[*/2] %[u/1] <%[0/1]>' a/b c/d
X
