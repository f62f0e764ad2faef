# ptbw K17: called by another name, that name is the command's argv[0].
ln -s "$BIN" othername.ptbw
# A command of ours keeps its own name, which is what it goes by.
./othername.ptbw -m sh -c 'echo $0'
./othername.ptbw -m "$PWD/othername.ptbw" sh -c 'echo $0'
ptbw -m -J1 ./othername.ptbw sh -c 'echo $0'
