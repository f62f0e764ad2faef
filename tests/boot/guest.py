"""A machine of its own for fleetbox: a Debian kernel, an image of a few files,
a serial console, all emulated, without a network."""

import gzip
import os
import re
import select
import shutil
import socket
import subprocess
import tempfile
import time

PROMPT = "rescue# "
SECONDS = 120  # a boot, from its first instruction to its last


class Trouble(Exception):
    """What was expected did not happen."""


def lay_out(root, files):
    """Makes a folder of `files`: a path leads to the Copy it is, to its text,
    to ("link", target), or to None for a folder."""
    for name, what in files.items():
        target = os.path.join(root, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if what is None:
            os.mkdir(target)
        elif isinstance(what, tuple):
            os.symlink(what[1], target)
        elif isinstance(what, str):
            with open(target, "w") as f:
                f.write(what)
        else:
            shutil.copy(what.path, target)


class Copy:
    def __init__(self, path):
        self.path = path


def make_disk(path, files):
    """A disk with a file system of these."""
    with tempfile.TemporaryDirectory() as root:
        lay_out(root, files)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-d", root, path, "64M"],
                       check=True, stdout=subprocess.DEVNULL)


def is_clean(path):
    """Whether a disk was let go of in good order, and holds no error."""
    head = subprocess.run(["dumpe2fs", "-h", path], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return ("needs_recovery" not in head.stdout and
            subprocess.run(["e2fsck", "-f", "-n", path],
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL).returncode == 0)


def make_image(path, files):
    """An initramfs."""
    with tempfile.TemporaryDirectory() as root:
        lay_out(root, files)
        names = []
        for folder, folders, plain in os.walk(root):
            for name in folders + plain:
                names.append(os.path.relpath(os.path.join(folder, name), root))
        packed = subprocess.run(
            ["cpio", "--quiet", "-o", "-H", "newc"], cwd=root, check=True,
            input="".join(n + "\n" for n in sorted(names)).encode(),
            stdout=subprocess.PIPE).stdout
    with gzip.open(path, "wb", compresslevel=1) as f:
        f.write(packed)


class Guest:
    def __init__(self, kernel, image, words, transcript, disks=()):
        self.folder = tempfile.mkdtemp(prefix="boot.")
        self.text = ""  # all it has printed
        self.at = 0  # what is before this has been looked at
        self.until = time.monotonic() + SECONDS
        self.transcript = open(transcript, "wb")
        monitor = os.path.join(self.folder, "monitor")
        # /dev/kvm of a machine that is a guest itself is not to be trusted.
        # With `quiet` only we and emergencies write on the console.
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-nodefaults",
             "-no-user-config", "-no-reboot", "-display", "none", "-m", "256",
             "-serial", "stdio", "-monitor",
             "unix:%s,server=on,wait=off" % monitor,
             "-kernel", kernel, "-initrd", image, "-append",
             "console=ttyS0 quiet panic=-1 mitigations=off " + words] +
            [word for disk in disks for word in
             ("-drive", "if=virtio,format=raw,file=" + disk)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.monitor_path = monitor

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.read(0)
        self.transcript.close()
        shutil.rmtree(self.folder)

    def read(self, seconds):
        """What it prints next. False at the end of all."""
        out = self.process.stdout
        if not select.select([out], [], [], seconds)[0]:
            return True
        data = os.read(out.fileno(), 65536)
        self.transcript.write(data)
        self.transcript.flush()
        self.text += data.decode("latin-1").replace("\r", "")
        return bool(data)

    def expect(self, pattern, seconds=SECONDS):
        """Waits for it; the match. What comes before it is passed over."""
        until = min(self.until, time.monotonic() + seconds)
        found = re.compile(pattern, re.M)
        more = True
        while True:
            match = found.search(self.text, self.at)
            if match:
                self.at = match.end()
                return match
            left = until - time.monotonic()
            if not more:
                raise Trouble("it ended before %r" % pattern)
            if left <= 0:
                raise Trouble("no %r in time; last: %r" %
                              (pattern, self.text[-300:]))
            more = self.read(left)

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def run(self, command, seconds=60):
        """What a command prints at our prompt."""
        self.type(command + "\r")
        self.expect(re.escape(command) + "\n", seconds)
        start = self.at
        end = self.expect(re.escape(PROMPT), seconds).start()
        return self.text[start:end]

    def monitor(self, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.monitor_path)
            s.settimeout(10)

            def prompt():
                said = b""
                while not re.search(rb"(^|\n)\(qemu\) $", said):
                    part = s.recv(4096)
                    if not part:
                        return
                    said += part

            prompt()
            try:
                s.sendall(command.encode() + b"\n")
                prompt()
            except ConnectionError:
                pass  # the command was the end of it

    def ends(self, last_words, seconds=60):
        """It ends by itself, in good order, and says so."""
        self.expect(last_words, seconds)
        until = min(self.until, time.monotonic() + 20)
        while self.read(max(0, until - time.monotonic())):
            if time.monotonic() >= until:
                raise Trouble("it does not end")
        code = self.process.wait(timeout=20)
        if code != 0:
            raise Trouble("qemu exits with %d" % code)
        self.no_panic()

    def no_panic(self):
        if "Kernel panic" in self.text:
            raise Trouble("the kernel panicked")
