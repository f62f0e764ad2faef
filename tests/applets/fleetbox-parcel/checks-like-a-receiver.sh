cp "$TESTS"/fixtures/parcels/* .
check() {
  echo "--- $*"
  fleetbox parcel check -t allowed_signers "$@"
  echo "exit $?"
}
check good
check -a server:mcfeely good
check -a server:other good
check -a server:other -a server:mcfeely good
check altered
check forged
check stranger
check truncated
check elsewhere
check -a server:mcfeely elsewhere
check --at 2025-01-31T10:15:04Z dispatch
check --at 2025-01-31T10:20:04.121Z dispatch
check --at 2025-01-31T10:10:04.120Z good
check --at 2025-01-31T10:10:04.119Z good
check --at yesterday good
check missing
check /dev/null
