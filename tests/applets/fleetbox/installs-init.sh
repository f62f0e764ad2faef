# The names of a system's first process are links that have to be asked for.
fleetbox --install -s usual
fleetbox --install -s --init whole
for name in init telinit clinit halt poweroff reboot; do
  [ -e usual/$name ] && [ $name != halt ] && echo "$name is there"
  [ -e whole/$name ] || echo "$name is missing"
done
whole/telinit --help | head -n 1
fleetbox --init
