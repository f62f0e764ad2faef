"""Outlet strips with menus, one a port, as the built-in models know them.

menus.py ADDRESS CONF writes an inventory of them, whose passwords are in the
file `password` beside it, tells descriptor 3 that it is ready, and serves until
it is killed. What is done to the power is a line on standard output: PCU,
on, off or reboot, plug. So is what no user of the strip would do: PCU, wrong,
what; and each caller that is in: PCU, login.
"""
import os
import select
import socket
import sys
import threading
import time

USER, SECRET = "operator", '3 %ct"\\'
STARTED = threading.Lock()


class Gone(Exception):
    pass


class Strip:
    """Eight plugs. The last one is off."""
    plugs = 8

    def __init__(self, name, model, transport="telnet", plug=3, **more):
        self.name, self.model, self.transport, self.plug = name, model, transport, plug
        self.on = [n != 8 for n in range(1, 9)]
        self.callers = 0
        self.inside = 0
        self.__dict__.update(more)

    def log(self, *words):
        with STARTED:
            print(self.name, *words, flush=True)

    def switch(self, what, plug):
        self.log(what, plug)
        self.on[plug - 1] = {"on": True, "off": False}.get(what, self.on[plug - 1])

    def serve(self, caller):
        line = Line(self, caller)
        self.callers += 1
        self.inside += 1
        try:
            self.talk(line)
        except (Gone, OSError):
            pass
        self.inside -= 1
        caller.close()

    def talk(self, line):
        raise NotImplementedError


class Line:
    def __init__(self, strip, socket_):
        self.strip, self.socket, self.got = strip, socket_, b""
        socket_.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def wait(self, seconds):
        return select.select([self.socket], [], [], seconds)[0]

    def read(self):
        more = self.socket.recv(4096)
        if not more:
            raise Gone
        self.got += more

    def say(self, text):
        """Whoever types before the prompt is there types blindly."""
        if self.wait(0.005):
            self.read()
        typed = self.got.lstrip(b"\r\n\0")
        if typed:
            self.strip.log("wrong", "typed before", repr(text[-20:]), repr(typed))
        # In two packets.
        half = len(text) // 2
        self.socket.sendall(text[:half].encode())
        self.socket.sendall(text[half:].encode())

    def ask(self, text):
        """Up to ENTER; an ESC is a line of its own."""
        self.say(text)
        while True:
            self.got = self.got.lstrip(b"\0")
            if self.got.startswith(b"\33"):
                self.got = self.got[1:]
                return "\33"
            end = min((i for i in (self.got.find(b"\r"), self.got.find(b"\n")) if i >= 0),
                      default=-1)
            if end >= 0:
                text, self.got = self.got[:end], self.got[end:]
                if self.got.startswith(b"\r\n"):
                    self.got = self.got[1:]
                self.got = self.got[1:]
                return text.decode("utf-8", "replace")
            self.read()

    def login(self, user=None, password=None):
        if user and self.ask(user) != USER:
            self.strip.log("wrong", "user")
        if password and self.ask(password) != SECRET:
            self.strip.log("wrong", "password")
        self.strip.log("login")


class Apc(Strip):
    path, control, keys = "", False, {}

    def talk(self, line):
        line.login("\r\nUser Name : ", "\r\nPassword  : ")
        where = ""
        while True:
            key = line.ask(self.menu(where))
            if key == "\33":
                where = where[:-1]
            elif not where and key == "4":
                line.say("\r\nBye.\r\n")
                return
            elif len(where) == len(self.path) + 1 + self.control:
                if key:
                    self.command(line, int(where[len(self.path)]), key)
            elif key and (len(where) >= len(self.path) or self.path.startswith(where + key)):
                where += key
            elif key:
                self.log("wrong", "key", repr(key), "in", repr(where))

    def menu(self, where):
        prompt = "\r\n     <ESC>- Back, <ENTER>- Refresh, <CTRL-L>- Event Log\r\n> "
        if not where:
            return "\r\n--- Control Console ---\r\n  1- Device Manager\r\n  4- Logout\r\n" + prompt
        if where == self.path:
            lines = [f"     {n}- Outlet {n}              {'ON' if on else 'OFF'}"
                     for n, on in enumerate(self.on, 1)]
            return "\r\n--- Outlets ---\r\n" + "\r\n".join(lines) + "\r\n" + prompt
        if len(where) == len(self.path) + 1 + self.control:
            lines = [f"     {key}- {what}" for key, what in sorted(self.keys.items())]
            return "\r\n--- Control ---\r\n" + "\r\n".join(lines) + "\r\n" + prompt
        return "\r\n--- Menu ---\r\n  1- One\r\n  2- Two\r\n  3- Three\r\n" + prompt

    def command(self, line, plug, key):
        answer = line.ask(f"\r\n  {self.keys.get(key, key)}\r\n"
                          "\r\n  Enter 'YES' to continue or <ENTER> to cancel : ")
        if answer == "YES":
            self.switch(self.keys[key].split()[-1].lower(), plug)
            line.ask("\r\n  Command successfully issued.\r\n  Press <ENTER> to continue...")
        elif answer:
            self.log("wrong", "answer", repr(answer))
        else:
            line.ask("")  # ENTER twice is what cancels


class Words(Strip):
    """A prompt that takes commands of a word and a plug."""
    user = password = prompt = ""
    question = "(Y/N)? "
    commands = {"On": "on", "Off": "off", "Reboot": "reboot"}
    list, leave, request = "Status", "exit", None
    drops = twice = in_use = False

    def talk(self, line):
        if self.drops and self.callers % 2 == 1:
            return
        line.login(self.user, self.password)
        if self.in_use:
            line.say("\r\nPort in use.\r\n")
            return
        if self.request and line.ask("\r\n" + self.request) != "5":
            self.log("wrong", "request")
        if self.twice and line.ask("\r\nEnter user name: ") != USER:
            self.log("wrong", "user")
        while True:
            words = line.ask("\r\n" + self.prompt).split()
            if words == [self.leave]:
                return
            if words == [self.list]:
                for n, on in enumerate(self.on, 1):
                    line.say(f"\r\n {n}  Outlet_{n}   {self.shown(on)} ")
            elif len(words) == 2 and words[0] in self.commands and words[1] in list("12345678"):
                answer = line.ask(f"\r\n{words[0]} outlet {words[1]} {self.question}")
                if answer == "Y":
                    self.switch(self.commands[words[0]], int(words[1]))
                elif answer != "N":
                    self.log("wrong", "answer", repr(answer))
            elif words:
                self.log("wrong", "command", *words)

    def shown(self, on):
        return "On" if on else "Off"


class Wti(Words):
    password, prompt, question = "\r\nEnter Password: ", "IPS> ", "Sure? (Y/N): "
    commands = {"/On": "on", "/Off": "off", "/Boot": "reboot"}
    list, leave = "/S", "/X"

    def shown(self, on):
        return "ON" if on else "OFF"


class Ipal(Strip):
    """Eight characters answer each command, in pieces; one caller at a time."""

    def talk(self, line):
        if self.inside > 1:
            return
        start = b"\33" + SECRET.encode() + b"\33"
        while True:
            while not line.got.startswith(start) or line.got[-1:] not in b"OEDP":
                line.read()
            command, line.got = line.got[len(start):].decode(), b""
            if command != "O":
                what = {"E": "on", "D": "off", "P": "reboot"}[command[-1]]
                self.switch(what, int(command[:-1]))
            states = "".join("1" if on else "0" for on in self.on)
            # Channels that somebody has to look at.
            for piece in ("0", "4", "5", "6" + states[4:7], states[7]):
                line.socket.sendall(piece.encode())
                time.sleep(0.01)


class IpalTelnet(Strip):
    def talk(self, line):
        for n in range(3):
            answer = line.ask("\r\nPassword >")
            line.ask("")  # it takes two ENTERs
        if answer != SECRET:
            self.log("wrong", "password", repr(answer))
        self.log("login")
        while True:
            command = line.ask("\r\nEnter >")
            line.ask("")
            if command[:1] == "P":
                self.switch("reboot", int(command[1:]))
            elif command:
                self.log("wrong", "command", command)


def apc_keys(on, off, reboot):
    return {on: "Immediate On", off: "Immediate Off", reboot: "Immediate Reboot"}


DS = dict(user="\r\nUser Name : ", password="\r\nPassword : ", prompt="DS-RPC>",
          request="Enter Request :")
RPC = dict(user="\r\nEnter user name:", password="\r\nEnter Password:", prompt="RPC-16>")
STRIPS = [
    Apc("apc12p3", "APCControl12p3", path="12", keys=apc_keys("1", "2", "3")),
    Apc("apc1p4", "APCControl1p4", path="1", keys=apc_keys("1", "3", "4")),
    Apc("apc121p3", "APCControl121p3", path="121", keys=apc_keys("1", "2", "3")),
    Apc("apc121p1", "APCControl121p1", path="121", control=True, keys=apc_keys("1", "2", "3")),
    Apc("apc13p13", "APCControl13p13", path="13", control=True, keys=apc_keys("1", "2", "3")),
    Words("baytech", "BayTech", **DS),
    Words("baytwice", "BayTech", twice=True, **DS),
    Words("bay3nc", "BayTechRPC3NC", **dict(RPC, prompt="RPC3-NC>")),
    Words("bay16", "BayTechRPC16", **RPC),
    Words("baydrops", "BayTechGeorgeTown", drops=True, **RPC),
    Words("bayused", "BayTechRPC16", in_use=True, **RPC),
    Wti("wti", "WTIIPS4"),
    Ipal("ipal", "IPAL", transport="tcp", plug=8),
    IpalTelnet("ipaltelnet", "IPAL-telnet"),
]


def listen(strip, address):
    server = socket.create_server((address, 0), backlog=16)
    port = server.getsockname()[1]

    def accept():
        while True:
            caller = server.accept()[0]
            threading.Thread(target=strip.serve, args=(caller,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return port


def main():
    address, conf = sys.argv[1:3]
    folder = os.path.dirname(os.path.abspath(conf))
    with open(os.open(f"{folder}/password", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
              "w") as file:
        file.write(SECRET + "\n")
    with open(conf, "w") as file:
        for strip in STRIPS:
            port = listen(strip, address)
            file.write(f'pcu "{strip.name}" {{ model "{strip.model}" ip "{address}" '
                       f'ports {strip.transport} {port} user "{USER}" '
                       f'secret file:{folder}/password node "h-{strip.name}" "{strip.plug}" }}\n')
    os.write(3, b"ready\n")
    threading.Event().wait()


main()
