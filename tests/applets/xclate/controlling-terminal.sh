# -Y: the manager's terminal becomes the command's controlling one.
cat >run.py <<'P'
import os, pty, subprocess
fd, slave = pty.openpty()
subprocess.Popen(["xclate", "-m", "sh", "-c",
  "xclate -I -Y k sh -c 'echo mine >/dev/tty'; xclate -I l sh -c 'echo mine >/dev/tty'"],
  stdin=slave, start_new_session=True).wait()
os.close(slave)
out = b""
while True:
    try: b = os.read(fd, 999)
    except OSError: break
    if not b: break
    out += b
print(out.decode().replace("\r", ""), end="")
P
python3 run.py
