# For black-box tests of PCUs that are web servers: . "$TESTS/web.sh"
#
#   web MODEL ...   serves one (tests/fakes/web.cc); its port is in $port, and
#                   what it prints in $log
#   tls [ADDRESS:PORT]   TLS in front of it: $port is then the port of that, and $pin
#                   the pin of its key, in base64 too as $pin64
#   asked           what has been counted so far
#   calls           how many calls of Redfish
#   plug NAME MODEL PLUG [SETTINGS]   a PCU of the inventory at $port, and its
#                   host NAME on that plug
. "$TESTS/power.sh"
[ -x "$FAKES/web" ] ||
  skip 'the models of web servers are not built: make blackbox builds them'

web() {
  web_asked=0
  serve "$FAKES/web" "$@" --ready-fd=3
  log=serve.$serve_n.log
  web_pid=$served
  port=$(sed -n 's/^port //p' $log)
}
tls() {
  command -v python3 >/dev/null || skip 'there is no python3'
  command -v openssl >/dev/null || skip 'there is no openssl'
  [ -f tls.key ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
    -nodes -keyout tls.key -out tls.crt -days 30 -subj /CN=bmc \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null
  openssl x509 -in tls.crt -pubkey -noout | openssl pkey -pubin -outform der >tls.der
  pin=$(openssl dgst -sha256 -r <tls.der | cut -c1-64)
  pin64=$(openssl dgst -sha256 -binary <tls.der | openssl base64)
  serve python3 "$TESTS/fakes/tls_front.py" tls.crt tls.key "$port" tls.$port 3 ${1:-}
  port=$(cat tls.$port)
}
asked() {
  kill -USR1 $web_pid
  await "test \$(grep -c asked $log) -gt ${web_asked:-0}"
  web_asked=$(grep -c asked $log)
  grep asked $log | tail -1 | sed 's/^calls [0-9]* //'
}
calls() { asked >/dev/null && grep asked $log | tail -1 | cut -d' ' -f2; }
plug() {
  echo "pcu \"$1\" { model \"$2\" ip \"127.0.0.1\" ports $3 $port
    secret file:$PWD/password $5 node \"$1\" \"$4\" }"
}
