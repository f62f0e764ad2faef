# What hosts print, and how it is shown: --keep-order, --tag, --fold, --stderr,
# --report=json, -H, -T.
. "$TESTS/msrc-ssh.sh"
real_hosts web1 web2 web3 db1
export T
printf 'INTO=app\nMAP=.\nSUBDIR=.\nHXINCLUDE=.\nSEND=plain.txt\n' >Msrc.mk
run '--keep-order' <<'X'
msrc -C "$T" --keep-order 'echo $MSRC_HOST; basename $MSRC_INTO; expr length $MSRC_RUN'
X
run '--tag' <<'X'
msrc -C "$T" --tag 'printf "a\nb"' | sort
X
run '--fold' <<'X'
msrc -C "$T" --fold 'case $MSRC_HOST in web*) echo same ;; *) echo other ;; esac' 
msrc -C "$T" --fold 'echo e >&2; exit 3'
X
run '--stderr' <<'X'
for way in merge collate drop pass; do
  msrc -C "$T" -E HOST=web1 --stderr $way 'echo out; echo error >&2'
done
X
run 'sections are never mixed' <<'X'
msrc -C "$T" 'for i in 1 2 3 4 5 6; do echo $MSRC_HOST; ls / >/dev/null; done' | uniq -c | awk '{print $1}' | sort | uniq -c
X
run '--report=json' <<'X'
msrc -C "$T" --report=json -P1 'echo out; exit 2' | sed 's/"seconds":[0-9.e-]*,/SECONDS /; s/"software.*/.../'
X
run 'nobody reads it' <<'X'
msrc -C "$T" 'yes' | head -1
X
run 'it cannot be written' <<'X'
msrc -C "$T" 'seq 100000' >/dev/full
X
run '--exit compat; all of them' <<'X'
msrc -C "$T" --exit compat false
msrc -C "$T" 'case $MSRC_HOST in web1) exit 1 ;; esac'
X
