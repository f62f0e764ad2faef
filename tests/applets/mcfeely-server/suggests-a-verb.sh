# What is no verb is not taken for a wish to start a server.
for word in stauts shwo xyzzy; do
  mcfeely-server $word
  echo "exit $?"
done
