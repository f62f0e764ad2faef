# One file is all a host needs.
[ "$(id -u)" = 0 ] || { echo "skipped: chroot needs root"; exit 0; }
if ldd "$BIN" 2>/dev/null | grep -q '=>'; then
  echo "skipped: this build is not static"
  exit 0
fi
mkdir root
cp "$BIN" root/fleetbox
chroot root /fleetbox --version | sed 's/[0-9].*//'
chroot root /fleetbox --list >inside
fleetbox --list | cmp - inside && echo "the same commands"
chroot root /fleetbox nothing
echo "[$?]"
# So it is through a link.
first=$(head -n 1 inside)
ln root/fleetbox "root/$first"
chroot root "/$first" --help | head -n 1 | cut -d ' ' -f 1-2 |
  sed "s/ $first/ NAME/"
