"""A mail server on loopback, for tests: smtp.py FOLDER FD

Listens on a port the system picks, writes the port to the descriptor FD, and
puts each letter it takes into FOLDER/letter.N: MAIL and RCPT as they came, an
empty line, the letter. While FOLDER/away exists letters are refused for now.
"""
import os
import socketserver
import sys

folder = sys.argv[1]


class Handler(socketserver.StreamRequestHandler):
    timeout = 20
    taken = 0

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 fake ESMTP")
        envelope = b""
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word in (b"EHLO", b"HELO"):
                self.say("250 fake")
            elif word in (b"MAIL", b"RCPT"):
                envelope += line
                self.say("250 ok")
            elif word == b"DATA":
                if os.path.exists(folder + "/away"):
                    self.say("451 not now")
                    continue
                self.say("354 go on")
                self.take(envelope)
                envelope = b""
                self.say("250 taken")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("502 what?")

    def take(self, envelope):
        text = b""
        for line in self.rfile:
            if line == b".\r\n":
                break
            text += line[1:] if line.startswith(b"..") else line
        Handler.taken += 1
        path = "%s/letter.%d" % (folder, Handler.taken)
        with open(path + ".new", "wb") as f:
            f.write((envelope + b"\n" + text).replace(b"\r\n", b"\n"))
        os.rename(path + ".new", path)


with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
    with os.fdopen(int(sys.argv[2]), "w") as ready:
        ready.write("%d\n" % server.server_address[1])
    server.serve_forever()
