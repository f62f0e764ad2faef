# %p is xapply's process id, %fp its name, %u and %U the task's number.
. "$TESTS/fanout.sh"
xapply '[ %p = $PPID ] && echo %fp %u %U: %1' a
[ "$(xapply -n '%p:%0' a)" != "$(xapply -n '%p:%0' a)" ] && echo two runs
xapply -n '%fu %ft' a
