# For black-box tests of McFeely: . "$TESTS/mcfeely.sh"
#
#   fleet h1 h2            a server, and an agent for each of these hosts; the
#                          server's pid is $server, an agent's $agent_h1
#   comm h1 NAME <<'X'     a comm of a host, a shell script
#   start_server           again, after it was ended; likewise start_agent h1
#   crash PID              SIGKILL, and waits for the end
#   letters N              waits for N letters and prints them without times
#   make_mailer            ./mailer, which puts letters into mail; fleet does it
#   states JOB             the tasks of a job, their states and attempts
#   timeless               a filter: times become TIME
. "$TESTS/lib.sh"

fleet() {
  with_keys hub "$@"
  unset FLEETBOX_IDENTITY
  make_mailer
  {
    echo "queue queue"
    echo "listen unix:sock"
    echo "identity keys/hub"
    echo "mail $PWD/mailer"
    echo "mail-from mcfeely@hub"
    [ $# = 0 ] || echo "host $*"
    [ -z "${CONFIG:-}" ] || printf '%s\n' "$CONFIG"
  } >hub.conf
  export MCFEELY_SERVER="unix:sock"
  start_server
  for fleet_host in "$@"; do
    mkdir -p "comm.$fleet_host"
    start_agent "$fleet_host"
  done
}

make_mailer() {
  mkdir mail
  cat >mailer <<'X'
#!/bin/sh
cat >mail/.new.$$ && mv mail/.new.$$ "mail/letter.$(date +%s%N).$$"
X
  chmod +x mailer
}

start_server() {
  serve mcfeely-server -c hub.conf --ready-fd 3
  server=$served
}

start_agent() {
  serve mcfeely-agent -H "$1" -C "comm.$1" -J "journal.$1" -i "keys/$1" \
    -S unix:sock --ready-fd 3
  eval "agent_$1=$served"
}

comm() {
  { echo '#!/bin/sh'; cat; } >"comm.$1/.$2"
  chmod 755 "comm.$1/.$2"
  mv "comm.$1/.$2" "comm.$1/$2"
}

# The shell says "Killed" of a child of its own, on standard error.
crash() {
  kill -9 "$1"
  wait "$1" 2>/dev/null
  timeout 10 tail -s 0.02 --pid="$1" -f /dev/null
}

letters() {
  await "[ \"\$(ls mail | wc -l)\" -ge $1 ]"
  for letters_file in mail/letter.*; do
    grep -v -e '^Date:' -e '^Message-I' -e '^Injected:' -e '^Ended:' \
      -e '^MIME' -e '^Content' "$letters_file" | timeless
  done
}

timeless() {
  sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g'
}

# Waits until a job has ended, one way or the other.
ended() {
  await "mcfeely-server status -j $1 | grep -q '\"state\": \"[df][a-z]*\"' &&
    ! mcfeely-server status $1 | grep -q ' open '"
}

states() {
  mcfeely-server status -j "$1" | awk '
    $1 == "\"name\":" { gsub(/[",]/, "", $2); name = $2 }
    $1 == "\"state\":" && name != "" { gsub(/[",]/, "", $2); state = $2 }
    $1 == "\"attempts\":" { gsub(/,/, "", $2); print name, state, $2; name = "" }'
}
