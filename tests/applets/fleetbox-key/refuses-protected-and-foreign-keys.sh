ssh-keygen -q -t ed25519 -N secret -C protected -f protected
fleetbox key show protected >shown && cmp shown protected.pub && echo from .pub
rm protected.pub
fleetbox key show protected
echo "exit $?"
ssh-keygen -q -t ecdsa -N '' -f ecdsa && rm ecdsa.pub
fleetbox key show ecdsa
echo "exit $?"
ssh-keygen -q -t rsa -m PEM -N '' -f rsa && rm rsa.pub
fleetbox key show rsa
echo "exit $?"
echo nonsense >nonsense
fleetbox key show nonsense
echo "exit $?"
fleetbox key show missing
