# power 14, 45: Intel AMT with its digest, HP's iLO with RIBCL.
. "$TESTS/web.sh"
# TITLE MODEL USER ACTION ...: each is a host of its own.
try() {
  echo "--- $1"
  n=$((${n:-0} + 1))
  plug h$n $2 $2 1 "user \"$3\" tls-pin \"${pin:-}\"" | sed 's/tls-pin ""//' >pcu.conf
  shift 3
  for what in "$@"; do
    pcu-reboot $what h$n >out
    echo "[$?] $(head -1 out | untimed | sed 's/until [^ ]*/until T/')"
  done
  asked
}
web amt --password=secret --uses=2
try 'AMT, a nonce for two calls' amt admin status off 'cycle --off-time 0s' reset 'bootdev pxe'
(umask 077 && echo wrong >password)
try 'a wrong password' amt admin status status
(umask 077 && echo secret >password)
web amt --password=secret --old
try 'old firmware' amt admin off on
web amt --password=secret --returns=2
try 'says that it is off, and is on' amt admin reset soft
web amt --password=secret --returns=2 --goes-off
try 'says that it is off, and is' amt admin reset
web ribcl --password=secret
tls
try 'RIBCL' ribcl Administrator status off 'cycle --off-time 0s' 'bootdev pxe'
web ribcl --password=secret --http
tls
try 'RIBCL by HTTP' ribcl Administrator off on
web ribcl --password=else
tls
try 'a login that is refused' ribcl Administrator off off
web ribcl --password=secret --half=250
tls
try 'half a document' ribcl Administrator off
