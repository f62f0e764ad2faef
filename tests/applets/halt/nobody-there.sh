# Where isinit does not run the machine nothing happens to it.
halt -p -s /nowhere/init.s
echo "code $?"
fleetbox poweroff -s /nowhere/init.s
echo "code $?"
fleetbox reboot -s /nowhere/init.s
echo "code $?"
isinit -c /dev/null -r run -D 2>log
halt -s run/init.s
echo "code $?"
isinit -r run -k
halt --no-sync
echo "code $?"
halt somebody
