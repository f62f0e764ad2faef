# xclate I15: a client inside a task of xapply -m is part of the task's section.
for how in '' --keep-order --collate=done; do
  timeout 20 xapply -m $how -P3 'echo %1; echo a%1 | xclate x; xclate -T "<%%x>" y echo b%1; echo c%1' 1 2 3 >out
  echo rc=$?
  # The order of the tasks is a race, but for --keep-order.
  if [ "$how" = --keep-order ]; then cat out; else paste -d' ' - - - - - <out | sort; fi
done
# And so it is when xapply's sections are those of a manager around it.
timeout 20 xclate -m xapply -m -P3 'echo %1; echo a%1 | xclate x; echo c%1' 1 2 3 >out
echo rc=$?
paste -d' ' - - - <out | sort
