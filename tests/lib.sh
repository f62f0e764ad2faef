# For black-box tests: . "$TESTS/lib.sh"
#
#   await 'test -S sock'     waits until a command succeeds, at most 10 s
#   serve COMMAND ...        starts a server and waits until it is ready; it is
#                            killed when the test ends
#   with_keys alice bob      keys for these names, and who is trusted
#   skip 'why'               ends the test: it cannot be run here

# The word `until` would be nicer, but it is the shell's.
await() {
  await_n=0
  while ! eval "$1" >/dev/null 2>&1; do
    await_n=$((await_n + 1))
    if [ "$await_n" -gt 400 ]; then
      echo "not in 10 s: $1"
      exit 1
    fi
    sleep 0.02
  done
}

skip() {
  echo "skipped: $1"
  exit 0
}

# The command line must name descriptor 3: serve mcfeely-server --ready-fd 3.
# Its pid is then in $served, what it prints in serve.1.log, serve.2.log ...
serve() {
  serve_n=$((${serve_n:-0} + 1))
  mkfifo "serve.$serve_n"
  "$@" 3>"serve.$serve_n" >"serve.$serve_n.log" 2>&1 &
  served=$!
  serve_all="${serve_all:-} $served"
  trap 'serve_code=$?; unserve_all; exit $serve_code' EXIT
  trap 'exit 143' TERM INT HUP
  # One that ends before it is ready closes the descriptor without a byte.
  if [ "$(timeout 10 head -c 1 "serve.$serve_n" | wc -c)" != 1 ]; then
    echo "not ready: $*"
    cat "serve.$serve_n.log"
    exit 1
  fi
  rm "serve.$serve_n"
}

# Ends a server and waits for it; the exit code is the server's.
unserve() {
  kill "$1" 2>/dev/null
  # One that does not end is killed, or the test would hang until its time is up.
  timeout 10 tail -s 0.02 --pid="$1" -f /dev/null || kill -9 "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}
unserve_all() {
  for serve_pid in ${serve_all:-}; do unserve "$serve_pid"; done
  serve_all=
}

# keys/NAME and keys/NAME.pub, without a passphrase, and keys/allowed_signers
# with everybody named so far. FLEETBOX_TRUST is set to the latter, and
# FLEETBOX_IDENTITY to the first name's key unless it was set.
with_keys() {
  mkdir -p keys
  for name in "$@"; do
    ssh-keygen -q -t ed25519 -N '' -C "$name" -f "keys/$name" || exit 1
    printf '%s %s\n' "$name" "$(cat "keys/$name.pub")" >>keys/allowed_signers
  done
  export FLEETBOX_TRUST="$PWD/keys/allowed_signers"
  export FLEETBOX_IDENTITY="${FLEETBOX_IDENTITY:-$PWD/keys/$1}"
}
