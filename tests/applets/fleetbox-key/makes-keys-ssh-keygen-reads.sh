fleetbox key new -c 'ops@example.com' k >made || exit
stat -c '%a %n' k k.pub
ssh-keygen -y -f k >derived && cmp derived k.pub && echo same public key
ssh-keygen -l -f k >theirs && cmp theirs made && echo same fingerprint
# A comment of every length modulo the block, and none.
for comment in '' 1 12 123 1234 12345 123456 1234567; do
  fleetbox key new -f -c "$comment" k >made && ssh-keygen -y -f k >derived &&
    cmp derived k.pub || echo "differs with comment '$comment'"
done
