# zsh -f complete.zsh FOLDER LINE ...: what zsh offers at the end of each LINE,
# with the completion functions of FOLDER: "LINE" and below it a match a line,
# with its description. For tests of completion.
#
# zsh completes only where somebody types: so a second zsh runs in a terminal of
# our own (zpty), and what would be shown there is written to a file instead.
zmodload zsh/zpty || exit 1
folder=$1
shift
out=$(mktemp) || exit 1
trap 'rm -f $out $out.setup' EXIT

cat >$out.setup <<END
PS1= PS2= PROMPT_EOL_MARK= HISTFILE=
stty columns 400 # help texts are cut to the width
fpath=(${(q)folder} \$fpath)
autoload -Uz compinit && compinit -u -D
out=${(q)out}
END
cat >>$out.setup <<'END'
# Calls with -O, -A or -D only ask which of their words match.
compadd() {
  local -a hits texts asks
  local i
  asks=(${@[1,(i)(-|--)]})
  if [[ -n ${(M)asks:#-[a-zA-Z]#[OAD]} ]]; then
    builtin compadd "$@"
    return
  fi
  # The name of the array with the texts that are shown follows -d.
  i=${@[(i)-[a-zA-Z]#d]}
  (( i <= $# )) && texts=(${(P)@[i+1]})
  builtin compadd -A hits -D texts "$@"
  for ((i = 1; i <= $#hits; i++)); do
    print -r -- "$IPREFIX$hits[i]${texts[i]:+${texts[i]/*[[:space:]]-- / | }}" >>$out
  done
  builtin compadd "$@"
}
setopt extendedglob
capture() {
  _main_complete
  compstate[insert]= compstate[list]=
  print -r -- '[end]' >>$out
}
zle -C capture list-choices capture
bindkey '^I' capture
bindkey '^G' kill-whole-line
print -r -- '[ready]' >>$out
END

# Waits for a line of the file, ten seconds at most.
await() {
  local n
  for ((n = 0; n < 1000; n++)); do
    # What the other zsh prints must be read, or it would wait for us.
    while zpty -rt z text 2>/dev/null; do :; done
    grep -qxF $1 $out && return
    sleep 0.01
  done
  print -r -- "no $1 in 10 s"
  exit 1
}

zpty -b z zsh -f -i
zpty -w z "source ${(q)out}.setup"
await '[ready]'
for line; do
  : >$out
  print -r -- "$line"
  zpty -w -n z $'\a'"$line"$'\t'
  await '[end]'
  awk '$0 != "[end]" && !seen[$0]++ { print "  " $0 }' $out
done
zpty -d z
