# What fish offers, with the help texts, after the script is read.
command -v fish >/dev/null || { echo "skipped: there is no fish"; exit 0; }
fleetbox --completion fish >script
touch afile
mkdir adir
cat >test <<'END'
source script
while read -l line
    echo "> $line"
    complete -C "$line"
end <lines
END
cat >lines <<'END'
fleetbox --comp
fleetbox --completion 
fleetbox ke
fleetbox key ne
fleetbox-key 
fleetbox-key new --
fleetbox-key new -
fleetbox-key new -f --c
fleetbox-key new -fc a:b --fo
fleetbox-key new --comment=a=b --fo
fleetbox-key new af
fleetbox-key new afile --fo
fleetbox-key new -- --fo
fleetbox-key list --trust=a
fleetbox-key list -t a
./fleetbox-key list --js
END
fish -N test
