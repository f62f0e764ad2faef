ssh-keygen -q -t ed25519 -N '' -C 'a comment of theirs' -f theirs
fleetbox key show theirs >shown && cmp shown theirs.pub && echo same
fleetbox key show theirs.pub >shown && cmp shown theirs.pub && echo same
ssh-keygen -l -f theirs.pub >expected
for file in theirs theirs.pub; do
  fleetbox key fingerprint $file >shown && cmp shown expected && echo same
done
fleetbox key fingerprint - <theirs.pub >shown && cmp shown expected && echo same
