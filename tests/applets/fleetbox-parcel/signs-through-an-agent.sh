# A parcel signed by a key that only the agent has: the agent signs for
# ssh-keygen, and what it signed is the parcel.
eval "$(ssh-agent -s -a "$PWD/agent")" >/dev/null
trap 'kill "$SSH_AGENT_PID"' EXIT
cp "$TESTS"/fixtures/parcels/* .
cp "$TESTS/fixtures/keys/numbered-1" key && chmod 600 key
ssh-keygen -y -f key >key.pub
ssh-add -q key && rm key
fleetbox parcel export good >/dev/null
mv good.signed theirs.signed
ssh-keygen -q -Y sign -f key.pub -n inject@fleetbox theirs.signed 2>&1
mv theirs.signed.sig theirs.sig
fleetbox parcel import theirs && cmp theirs good && echo the same parcel
