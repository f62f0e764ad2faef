"""A power strip behind ssh: passwords and questions, and a counter of attempts.

ssh_strip.py LOG HOST_KEY [WORD ...] prints its port and serves until it is
killed. Each attempt to log in is a line of LOG, each command one. Words:

  password, questions   ways to log in that it offers; both by default
  secret=TEXT           the password (default s3cret%s)
  ask=TEXT              the question asked
  twice                 asks for the user name first
  new                   asks for a new password after the old one
  old                   algorithms of twenty years ago only
  rsa-sha2              signs with nothing else
  mute                  lets in, and says nothing
  ready-fd=N            writes a byte there once it can be called
"""
import os
import socket
import sys
import threading

import paramiko

LOG, KEY = sys.argv[1:3]
WORDS = dict(w.partition("=")[::2] for w in sys.argv[3:])
SECRET = WORDS.get("secret", "s3cret%s")
ASK = WORDS.get("ask", "Password: ")
LOCK = threading.Lock()
STATES = {"1": True, "2": False, "3": True, "4": True}


def log(line):
    with LOCK, open(LOG, "a") as f:
        f.write(line + "\n")


class Server(paramiko.ServerInterface):
    def __init__(self):
        self.shell = threading.Event()
        self.asked = []

    def get_allowed_auths(self, user):
        ways = []
        if "password" in WORDS or "questions" not in WORDS:
            ways.append("password")
        if "questions" in WORDS or "password" not in WORDS:
            ways.append("keyboard-interactive")
        return ",".join(ways)

    def check_auth_none(self, user):
        return paramiko.AUTH_FAILED

    def right(self, password, way):
        log("attempt " + way + (" right" if password == SECRET else " wrong"))
        if password == SECRET:
            return paramiko.AUTH_SUCCESSFUL
        return paramiko.AUTH_FAILED

    def check_auth_password(self, user, password):
        return self.right(password, "password")

    def check_auth_interactive(self, user, submethods):
        if "twice" in WORDS:
            self.asked = ["user"]
            return paramiko.InteractiveQuery("", "", ("User Name: ", True))
        self.asked = ["password"]
        return paramiko.InteractiveQuery("", "", (ASK, False))

    def check_auth_interactive_response(self, responses):
        if self.asked == ["user"]:
            log("user " + responses[0])
            self.asked = ["password"]
            return paramiko.InteractiveQuery("", "", (ASK, False))
        if "new" in WORDS and responses[0] == SECRET:
            log("wants a new one")
            return paramiko.InteractiveQuery("", "", ("New password: ", False))
        return self.right(responses[0], "questions")

    def check_channel_request(self, kind, number):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_pty_request(self, channel, term, w, h, pw, ph, modes):
        log("terminal %s %dx%d" % (term.decode(), w, h))
        return True

    def check_channel_shell_request(self, channel):
        self.shell.set()
        return True


def talk(channel):
    text = b""
    if "mute" in WORDS:
        channel.recv(1)
        return
    channel.send("\r\n> ")
    while True:
        data = channel.recv(1024)
        if not data:
            return
        text += data.replace(b"\r", b"\n")
        while b"\n" in text:
            line, text = text.split(b"\n", 1)
            line = line.decode()
            log("command " + line)
            verb, _, plug = line.partition(" ")
            if verb == "quit":
                channel.send("bye\r\n")
                channel.close()
                return
            if verb in ("on", "off") and plug in STATES:
                STATES[plug] = verb == "on"
            answer = ""
            if verb == "status":
                for name, is_on in STATES.items():
                    answer += "plug %s %s\r\n" % (name, "ON" if is_on else "OFF")
            channel.send(answer + "> ")


def serve(client):
    transport = paramiko.Transport(client)
    options = transport.get_security_options()
    if "old" in WORDS:
        options.kex = ("diffie-hellman-group1-sha1",)
        options.key_types = ("ssh-rsa",)
        options.ciphers = ("3des-cbc",)
        options.digests = ("hmac-md5",)
    if "rsa-sha2" in WORDS:
        options.key_types = ("rsa-sha2-512", "rsa-sha2-256")
    transport.add_server_key(paramiko.RSAKey.from_private_key_file(KEY))
    server = Server()
    try:
        transport.start_server(server=server)
        channel = transport.accept(30)
        if channel is not None and server.shell.wait(10):
            talk(channel)
        log("end")
    except (paramiko.SSHException, EOFError, OSError) as e:
        log("broken")
    finally:
        transport.close()


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(50)
print(listener.getsockname()[1], flush=True)
if "ready-fd" in WORDS:
    os.write(int(WORDS["ready-fd"]), b"r")
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
