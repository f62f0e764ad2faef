# Ctrl-C at any moment: no process of the demo goes on, and its folder is gone.
. "$TESTS/lib.sh"
export BIN="$(command -v fleetbox)"

# Processes that are in the demo's folder, even if that is gone.
running() {
  for process in /proc/[0-9]*; do
    case $(readlink "$process/cwd" 2>/dev/null) in
      "$PWD"/demo.*) echo "$(tr '\0' ' ' <"$process/cmdline") goes on" ;;
    esac
  done
}

interrupt() {  # SIGNAL WHEN
  rm -f out
  # A shell's background commands ignore INT unless it is set back.
  env --default-signal=INT "$TESTS/demo/run" >out 2>&1 &
  demo=$!
  await "grep -q '$2' out"
  running | grep -q mcfeely- && echo "it runs"
  kill "-$1" "$demo"
  wait "$demo"
  echo "[$?]"
  running
  ls
}
interrupt INT 'mcfeely-agent on web'
interrupt INT 'address on web: delayed'
interrupt TERM 'address on web: delayed'
