"""TLS on loopback in front of a plain server:

tls_front.py [--old] CERT KEY PORT FILE [READY-FD [ADDRESS:PORT]]

Listens there, or on a port of 127.0.0.1 that the system picks, and writes the
port to FILE, and then a byte to the descriptor. What comes is passed on to 127.0.0.1:PORT.
An old one knows TLS 1.0 alone.
"""
import os
import socket
import ssl
import sys
import threading

is_old = sys.argv[1] == "--old"
if is_old:
    del sys.argv[1]
cert, key, port, ready = sys.argv[1:5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
if is_old:
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
context.load_cert_chain(cert, key)


def pump(come, go):
    try:
        while data := come.recv(65536):
            go.sendall(data)
    except OSError:
        pass
    for end in (come, go):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    try:
        outside = context.wrap_socket(client, server_side=True)
    except OSError:
        return
    inside = socket.create_connection(("127.0.0.1", int(port)))
    threading.Thread(target=pump, args=(outside, inside), daemon=True).start()
    pump(inside, outside)


where = (sys.argv[6] if len(sys.argv) > 6 else "127.0.0.1:0").split(":")
with socket.create_server((where[0], int(where[1]))) as listener:
    with open(ready + ".new", "w") as f:
        f.write("%d\n" % listener.getsockname()[1])
    os.rename(ready + ".new", ready)
    if len(sys.argv) > 5:
        os.write(int(sys.argv[5]), b"r")
        os.close(int(sys.argv[5]))
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()
