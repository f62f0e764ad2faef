# What bash offers after the script is read: the last word of each line, as if
# TAB was typed behind it.
command -v bash >/dev/null || { echo "skipped: there is no bash"; exit 0; }
fleetbox --completion bash >script
cat >lines <<'END'
fleetbox --comp
fleetbox --completion 
fleetbox ke
fleetbox key ne
fleetbox fleetbox-key ne
fleetbox-key 
fleetbox-key --
fleetbox-key new --
fleetbox-key new -
fleetbox-key new -f --c
fleetbox-key new -c --fo --fo
fleetbox-key new -fc a:b --fo
fleetbox-key new --comment=a=b --fo
fleetbox-key new file --fo
fleetbox-key new -- --fo
fleetbox-key fi new --fo
/usr/bin/fleetbox-key new --fo
fleetbox-store check --
msrc --transport 
msrc -C fleet.cf --links 
msrc -l --ar
msrc -C fleet.cf make --ar
msrc-recv --a
fleetbox-parcel apply --no
END
cat >test <<'END'
. ./script
while IFS= read -r COMP_LINE; do
  # As readline cuts them: = and : are words of their own.
  read -r -a COMP_WORDS < <(sed 's/[=:]/ & /g' <<<"$COMP_LINE")
  [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _fleetbox
  echo "$COMP_LINE: ${COMPREPLY[*]}"
done <lines
complete -p fleetbox fleetbox-key
END
bash test
echo "--- no option, no shell"
fleetbox --completion ksh
fleetbox --completion
