# mcfeely 35: secrets of the old kind, an empty one too, and other words sent to
# the server's port: refused, logged with the peer, and nothing is executed. A
# key that is not trusted, or not for this, gets no further.
. "$TESTS/mcfeely.sh"
CONFIG="listen tcp:127.0.0.1:0"
fleet h1
with_keys ops
unset FLEETBOX_IDENTITY
ssh-keygen -q -t ed25519 -N '' -f keys/eve
printf 'server:mcfeely %s\n' "$(cat keys/hub.pub)" >>keys/allowed_signers
comm h1 mark <<'X'
echo ran >>"$MCFEELY_COMM_DIR/ran"
X
address=$(grep -ao 'tcp:127.0.0.1:[0-9]*' serve.1.log | head -n 1)
cat >call.py <<'P'
import socket, struct, sys
# netstring(secret), task, uid, gid, netstring(comm NUL args)
task = struct.pack('=iii', 1, 0, 0) + b'5:mark\0,'
for first in (b'0:,', b'1:x,', b'65:' + b'x' * 64 + b'\n,', b'GET / HTTP/1.0\r\n\r\n'):
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 20)
    try:
        s.sendall(first + task)
        while s.recv(4096):
            pass
    except OSError:
        pass
    s.close()
P
python3 call.py "${address##*:}"
await '[ "$(grep -c channel.refused serve.1.log)" = 4 ]'
grep -c 'channel.refused peer=127.0.0.1 ' serve.1.log
hidden() { sed -E 's/SHA256:[A-Za-z0-9+/]*/KEY/; s/127.0.0.1:[0-9]*/PORT/'; }
mcfeely-inject -S "$address" -i keys/eve h1 mark >out 2>&1
echo "[$?]"
hidden <out
# Trusted, but to report results only.
sed -i '/^ops /s/ssh-/namespaces="result@fleetbox,channel@fleetbox" ssh-/' \
  keys/allowed_signers
mcfeely-inject -S "$address" -i keys/ops h1 mark
echo "[$?]"
grep -a parcel.refused serve.1.log | grep -c 'inject@fleetbox'
ls comm.h1
mcfeely-inject -wq h1 mark 2>/dev/null
echo "[$?]"
ls comm.h1
