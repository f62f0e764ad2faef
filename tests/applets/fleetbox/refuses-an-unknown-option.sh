fleetbox --instal dir
echo "[$?]"
fleetbox -s
echo "[$?]"
fleetbox --install
echo "[$?]"
fleetbox --install a b
echo "[$?]"
fleetbox --list all
