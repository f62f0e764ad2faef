# xapply(1): each file compressed; each moved to a folder of its own kind; what
# may be written by others, changed.
. "$TESTS/fanout.sh"
echo 1 >a.log; echo 2 >'b c.log'
xapply -P0 'gzip -9 %W1' *.log
ls *.log*
echo x >'one two.txt'; echo y >three.txt; echo z >four.conf
xapply 'mkdir -p %W[1.$] && mv %W1 %W[1.$]' *.txt *.conf
ls txt conf
touch 'f 1' 'f
2'
chmod a+w f*
find . -name 'f*' -type f -print0 >files0
xapply -fz --pack 'chmod go-w' files0
find . -type f -perm /022 -print
