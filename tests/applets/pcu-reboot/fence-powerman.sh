# power 30: fence_powerman, which asks powerman's client, which asks our server.
. "$TESTS/power.sh"
command -v fence_powerman >/dev/null && command -v /usr/bin/powerman >/dev/null ||
  skip 'there is no fence_powerman'
export PYTHONWARNINGS=ignore
strips --stuck=4
rack a 1 'web[1-4]' '[1-4]' 'state-timeout 1s' >pcu.conf
serve pcu-reboot serve --config pcu.conf --run-dir run --state-dir state \
  --listen "$net.1:10101" --ready-fd 3
fence() {
  printf 'action=%s\nip=%s\nplug=%s\ndelay=0\npower_wait=0\npower_timeout=1\n' \
    "$1" "$net.1" "$2" >input
  fence_powerman <input >said 2>&1
  code=$?
  sed 's/^[0-9-]* [0-9:,]* //; /^$/d' said
  echo "[$code]"
}
fence monitor web1
fence status web1
fence off web1
fence status web1
pcu-reboot -q status web1
fence on web1
fence reboot web2
fence off web4
fence status nosuch
cut -d' ' -f2,3 serve.1.log
