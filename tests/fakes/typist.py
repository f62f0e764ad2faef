"""A person at a terminal: typist.py COLUMNSxLINES STEP ... -- COMMAND ...

A step is "wait:TEXT", until that was printed; "type:TEXT", with \\r, \\x03 and
their like; or "size:COLUMNSxLINES". What was printed goes to standard output,
without carriage returns; the exit code is the command's. 20 seconds at most.
"""
import fcntl, os, pty, select, signal, struct, sys, termios, time

steps, command = sys.argv[2:], []
at = steps.index("--")
steps, command = steps[:at], steps[at + 1:]
until = time.monotonic() + 20


def resize(fd, text):
    columns, lines = map(int, text.split("x"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ,
                struct.pack("HHHH", lines, columns, 0, 0))


pid, master = pty.fork()
if pid == 0:
    # The size is there before anybody asks.
    resize(0, sys.argv[1])
    os.execvp(command[0], command)

printed, seen = b"", 0


def more():
    global printed
    left = until - time.monotonic()
    if left <= 0 or not select.select([master], [], [], left)[0]:
        os.kill(pid, signal.SIGKILL)
        sys.exit("nothing more after: %r" % printed[seen:])
    try:
        got = os.read(master, 65536)
    except OSError:
        got = b""
    printed += got
    return got


for step in steps:
    what, text = step.split(":", 1)
    if what == "size":
        resize(master, text)
        continue
    text = text.encode().decode("unicode_escape").encode()
    if what == "type":
        os.write(master, text)
        continue
    while text not in printed[seen:]:
        if not more():
            sys.exit("it ended, and nothing of %r: %r" % (text, printed[seen:]))
    seen = printed.index(text, seen) + len(text)
while more():
    pass
sys.stdout.write(printed.decode().replace("\r", ""))
status = os.waitpid(pid, 0)[1]
sys.stdout.flush()
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + status % 128)
