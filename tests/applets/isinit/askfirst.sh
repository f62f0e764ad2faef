# An askfirst entry begins when somebody has pressed Enter on its terminal, and
# is asked again when it has ended.
. "$TESTS/lib.sh"
unshare -Urpf --mount-proc true 2>/dev/null || skip 'no namespaces here'
cat >terminal.py <<'P'
import os, select, subprocess, sys, time

master, slave = os.openpty()
with open("tab", "w") as f:
    f.write("""\
g:con:1:askfirst,tty=%s:echo began $0 on $(tty); read line; echo "it said $line"
:::boot:g 1
:::mounts:none
""" % os.ttyname(slave))
init = subprocess.Popen(
    ["unshare", "-Urpf", "--mount-proc", "isinit", "-c",
     os.path.abspath("tab"), "-r", "run"],
    stdout=open("log", "w"), stderr=subprocess.STDOUT)
said = ""
until = time.monotonic() + 20

def expect(text):
    global said
    while text not in said:
        if not select.select([master], [], [], until - time.monotonic())[0]:
            sys.exit("no %r in %r" % (text, said))
        said += os.read(master, 4096).decode().replace("\r", "")
    before, _, said = said.partition(text)
    return before

expect("Press Enter to activate this console.")
print("asked")
os.write(master, b"\n")
expect("began")
print("begins,", "as the terminal's owner" if os.ttyname(slave) in
      expect("\n") else "elsewhere")
os.write(master, b"hello\n")
expect("it said hello")
expect("Press Enter to activate this console.")
print("asked again")
child = subprocess.run(["pgrep", "-P", str(init.pid)], stdout=subprocess.PIPE,
                       text=True).stdout.split()[0]
os.kill(int(child), 15)
print("code", init.wait())
P
mkdir run
python3 terminal.py
