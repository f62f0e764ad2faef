# What zsh offers, with the help texts, when the script is a file in $fpath.
command -v zsh >/dev/null || { echo "skipped: there is no zsh"; exit 0; }
mkdir functions here
fleetbox --completion zsh >functions/_fleetbox
cd here || exit
touch afile
mkdir adir
zsh -f "$TESTS/complete.zsh" "$PWD/../functions" \
  'fleetbox --comp' \
  'fleetbox --completion ' \
  'fleetbox ke' \
  'fleetbox key ne' \
  'fleetbox-key ' \
  'fleetbox-key new --' \
  'fleetbox-key new -f --c' \
  'fleetbox-key new -fc a:b --fo' \
  'fleetbox-key new --comment=a=b --fo' \
  'fleetbox-key new af' \
  'fleetbox-key new afile --fo' \
  'fleetbox-key list --trust=a' \
  'fleetbox-key list -t a'
echo "--- and when it is sourced"
zsh -f -c 'autoload -Uz compinit && compinit -u -D
source <(fleetbox --completion zsh)
print -r -- $_comps[fleetbox] $_comps[fleetbox-key]'
