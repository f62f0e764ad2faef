# Quoting prefixes, another escape character, and recursion.
. "$TESTS/fanout.sh"

# xapply A20: %q protects the four characters special inside double quotes.
run A20 <<'X'
xapply -n '"%q1"' 'a"b$c`d\e it'"'"'s'
X
# xapply A21: quoted back by the shell it is the original text.
run A21 <<'X'
xapply 'printf "%%s\n" "%q1"' '$HOME `id` "x" \n'
X
# xapply A22: %q with each form.
run A22 <<'X'
xapply -n -2 '%q1 %q{2} %q[1/2] %q(2,1-2) %q* %q$' 'a/$b' '`c'
X
# xapply A23: another escape character, given as itself, as ^X, or octal.
run A23 <<'X'
xapply -a = -n '=1 %1 ==' v; xapply -a '^A' -n "$(printf '\001[1/2]')" a/b; xapply -a '\100' -n '@1@@' v
X
# xapply B1: %+ takes the first argument as a template for the rest.
run B1 <<'X'
xapply -n -3 'nice %+;' 'cp %2 %1' a b
X
# xapply B2: after %+ the outer numbering is unchanged.
run B2 <<'X'
xapply -n -3 '%+ #%3' 'x%1' y z
X
# xapply B3: an inner template without references gets the rest appended.
run B3 <<'X'
xapply -n -3 '(%+)' 'touch' y z
X
# xapply B4: %q+ quotes the finished inner text.
run B4 <<'X'
xapply -n -2 'sh -c "%q+"' 'echo "$HOME" %1' k
X
# xapply B5: a different inner command for each task.
run B5 <<'X'
printf 'echo up %%1\nh1\nhalt %%1 now\nh2\n' | xapply -f -n -2 '%+' - -
X
# Inner templates may recurse; one that finds no argument is an error.
run deeper <<'X'
xapply -n -3 '%+' '<%+>' 'in %1' z; xapply -n '%+' '%+'; echo rc=$?
X
# %Q and %W: one value is one word of the shell, whatever is in it.
run words <<'X'
xapply 'printf "<%%s>\n" %W1' 'a b' '' "it's" '$HOME `id` \ " * ? [x] ~ # & ; | < > ( ) { } !' 'two
lines' '=x' '~root'
X
run Q-leaves-blanks <<'X'
xapply 'printf "<%%s>\n" %Q1' 'a b;c' '$HOME'
X
