# Too long is wrong (65), not a shortage of the system.
head -c 17000000 /dev/zero >big
mcfeely-inject -f big
echo "exit $?"
mcfeely-inject -f - <big
echo "exit $?"
