# Definitions count from where they stand; everything else for all files.
echo 'V ' >v
m4 -DV=1 v -DV=2 v -UV v
m4 v -P -DV=3 v -- ./v
echo '--- a file that looks like an option'
echo 'dash' >-x
m4 -- -x v
echo '--- a wrong option behind a file'
m4 v --nonsense
