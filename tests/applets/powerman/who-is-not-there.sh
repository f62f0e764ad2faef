powerman -h ./socket -l
echo "code $?"
powerman -l -h host:port
echo "code $?"
powerman
echo "code $?"
powerman -1 't[3-1]'
echo "code $?"
powerman -g -1 compute
echo "code $?"
powerman -V
