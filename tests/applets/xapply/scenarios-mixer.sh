# The mixer: characters of a value by position.
. "$TESTS/fanout.sh"

# xapply D1: positions count characters from 1; $ and ~1 are the last.
run D1 <<'X'
xapply -n '<%(1)>' '20260731'
xapply -n '<%(1,1)>' '20260731'
xapply -n '<%(1,4)>' '20260731'
xapply -n '<%(1,$)>' '20260731'
xapply -n '<%(1,~1)>' '20260731'
xapply -n '<%(1,~3)>' '20260731'
xapply -n '<%(1,~$)>' '20260731'
xapply -n '<%(1,0)>' '20260731'
xapply -n '<%(1,40)>' '20260731'
X
# xapply D2: ranges are inclusive and may run backwards.
run D2 <<'X'
xapply -n '<%(1,5-6)>' '20260731'
xapply -n '<%(1,6-5)>' '20260731'
xapply -n '<%(1,$-1)>' '20260731'
xapply -n '<%(1,~4-~1)>' '20260731'
xapply -n '<%(1,2-~2)>' '20260731'
xapply -n '<%(1,3-*)>' '20260731'
xapply -n '<%(1,6-99)>' '20260731'
xapply -n '<%(1,99-6)>' '20260731'
xapply -n '<%(1,98-99)>' '20260731'
X
# xapply D3: several terms are joined; comma, blank and tab separate; empty
# terms are ignored.
run D3 <<'X'
xapply -n '<%(1,1-4,`-'"'"',5-6,`-'"'"',7-8)>' '20260731'
xapply -n '<%(1 7-8 5-6)>' '20260731'
xapply -n '<%(1,,1,,,$)>' '20260731'
xapply -n '<%(1*)>' '20260731'
xapply -n '<%(1,*,*)>' '20260731'
X
# xapply D4: text in "..." or `...' (nesting) is copied, also ) and , inside
# it.
run D4 <<'X'
xapply -n '<%(1,"a,)b"1)>' '20260731'
xapply -n '<%(1,`x`y'"'"'z'"'"'1)>' '20260731'
xapply -n '<%(1,"")>' '20260731'
xapply -n '<%(1"<"1-2">")>' '20260731'
X
# xapply D5: a parenthesised term feeds the terms that follow it up to the
# next separator. The fourth: a chain that ends in a group is the group's value,
# which the original dropped.
run D5 <<'X'
xapply -n '<%(1,(5-8)1-2)>' '20260731'
xapply -n '<%(1,(5-8)($-1)1-2)>' '20260731'
xapply -n '<%(1,(2-$)(2-$))>' '20260731'
xapply -n '<%(1,(5-8),1-2)>' '20260731'
xapply -n '<%(1,(1-4)"/"*)>' '20260731'
xapply -n '<%(1,(`ab'"'"',1)($-1)*)>' '20260731'
X
# xapply D6: a dicer or other source inside the mixer.
run D6 <<'X'
xapply -n -2 '%([1.1],1-3) %(2,$) %(*,1-5) %($,1) %q([2/2],1-2)' 'web01.example' 'a/$b'
X
# xapply D7: the last digit of the counter.
run D7 <<'X'
xapply -n '%0%(u,$)' a b c
X
# xapply D9: a brace source inside the mixer (documented, rejected by the
# original).
run D9 <<'X'
xapply -n '%({1},$)' abc
X
