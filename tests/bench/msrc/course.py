"""The course of tests/bench/msrc/run: each contender once a round, medians."""
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

WORK = os.environ["WORK"]
BIN = os.environ["BIN"]
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
WIDE = int(os.environ.get("BENCH_WIDE", "8"))
HOSTS = open(f"{WORK}/hosts").read().split()
SSH = f"ssh -F {WORK}/config"
FAR = f"{WORK}/far"
LONGEST = 600  # seconds, of one run

environment = dict(os.environ, HOME=f"{WORK}/home", XDG_STATE_HOME=f"{WORK}/state",
                   SHELL="/bin/sh", ANSIBLE_CONFIG=f"{WORK}/ansible.cfg")
for name in ("MSRC", "HXMD", "HXMD_PASS", "FLEETBOX_IDENTITY", "FLEETBOX_TRUST"):
    environment.pop(name, None)


def run(command, folder=WORK):
    """Seconds, and what it printed; ends us when it fails."""
    start = time.monotonic()
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST)
    took = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"{command}: exit {done.returncode}\n"
                 f"{done.stdout.decode()[-2000:]}{done.stderr.decode()[-2000:]}")
    return took, done.stdout.decode()


def each(command):
    """For all hosts, so many at a time."""
    return f"xargs -P{WIDE} -I{{}} sh -c '{command}' <{WORK}/hosts"


def make_tree():
    """200 files, 2 MB: half text, half not."""
    dice = random.Random(1)
    tree = f"{WORK}/msrc/app"
    os.makedirs(tree)
    for n in range(200):
        with open(f"{tree}/f{n:03}", "wb") as file:
            if n % 2:
                file.write(dice.randbytes(10_000))
            else:
                words = (dice.choice(["alpha", "beta", "gamma", "delta"]) for _ in range(1800))
                file.write(" ".join(words).encode()[:10_000])
    recipe(tree, "app")
    shutil.copytree(tree, f"{WORK}/plain", ignore=shutil.ignore_patterns("Msrc.mk"))


def recipe(folder, into):
    with open(f"{folder}/Msrc.mk", "w") as file:
        file.write(f"INTO = {into}\nIGNORE = Msrc.mk\n")


def make_big():
    """One file of 100 MB."""
    os.makedirs(f"{WORK}/msrc/big")
    with open(f"{WORK}/msrc/big/image", "wb") as file:
        file.write(random.Random(2).randbytes(100_000_000))
    recipe(f"{WORK}/msrc/big", "big")


def change_big():
    """One part in a hundred is new, in ten places, one of which is longer than before."""
    dice = random.Random(3)
    with open(f"{WORK}/msrc/big/image", "rb") as file:
        content = bytearray(file.read())
    for n in range(10):
        at = dice.randrange(len(content) - 200_000)
        content[at:at + (100_000 if n else 99_000)] = dice.randbytes(100_000)
    with open(f"{WORK}/msrc/big/image", "wb") as file:
        file.write(content)


def msrc(folder, utility, more="", hosts="hosts.cf"):
    return (f"cd {WORK}/msrc/{folder} && {BIN} msrc -P{WIDE} -C {WORK}/{hosts} "
            f"-DSSH='{SSH}' {more} {utility}")


def clean():
    shutil.rmtree(FAR, ignore_errors=True)
    for host in HOSTS:
        os.makedirs(f"{FAR}/{host}")


def clean_trees():
    """What was sent goes; our executable stays in the cache."""
    for host in HOSTS:
        for name in os.listdir(f"{FAR}/{host}"):
            if not name.startswith("."):
                shutil.rmtree(f"{FAR}/{host}/{name}")


def sent_bytes(before):
    """Into the loopback since; all there is on it is ours."""
    return loopback() - before


def loopback():
    with open("/sys/class/net/lo/statistics/tx_bytes") as file:
        return int(file.read())


def peak_memory(command):
    """Most bytes that msrc itself held, and open connections, all at once."""
    process = subprocess.Popen(["sh", "-c", "exec " + command], cwd=f"{WORK}/msrc/app",
                               env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    deadline = time.monotonic() + LONGEST
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with open(f"/proc/{process.pid}/status") as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        most = max(most, int(line.split()[1]) * 1024)
        except (FileNotFoundError, ProcessLookupError):
            break
        time.sleep(0.01)
    if process.wait() != 0:
        sys.exit(f"{command}: exit {process.returncode}")
    return most


def ansible():
    """One host, once: it copies file by file, each with a module of its own.
    Its connections are kept and shared, as it is set up to do."""
    if shutil.which("ansible-playbook") is None:
        print("ansible is not installed: left out")
        return
    control = tempfile.mkdtemp(prefix="cp.", dir="/tmp")  # paths of sockets are short
    with open(f"{WORK}/ansible.cfg", "w") as file:
        file.write(f"[defaults]\nhost_key_checking=False\n[ssh_connection]\npipelining=True\n"
                   f"ssh_args=-F {WORK}/config -o ControlMaster=auto -o ControlPersist=20s\n"
                   f"control_path_dir={control}\n")
    with open(f"{WORK}/inventory", "w") as file:
        file.write(f"{HOSTS[0]} ansible_python_interpreter=/usr/bin/python3\n")
    with open(f"{WORK}/play.yml", "w") as file:
        file.write(f"- hosts: all\n  gather_facts: no\n  tasks:\n"
                   f"  - copy: {{src: {WORK}/plain/, dest: '{FAR}/{{{{inventory_hostname}}}}/app/'}}\n"
                   f"  - command: 'true'\n")
    play = f"ansible-playbook -i {WORK}/inventory {WORK}/play.yml"
    one = f"{BIN} msrc -C {WORK}/one.cf -DSSH='{SSH}' true"
    try:
        clean_trees()
        print(f"{run(play)[0]:8.3f} s  ansible, first, one host, once")
        print(f"{run(play)[0]:8.3f} s  ansible, no change, one host, once")
        print(f"{run(one, f'{WORK}/msrc/app')[0]:8.3f} s  msrc, no change, one host, once")
    finally:
        shutil.rmtree(control)


def main():
    for folder in ("home", "state"):
        os.makedirs(f"{WORK}/{folder}")
    make_tree()
    make_big()
    with open(f"{WORK}/hosts.cf", "w") as file:
        file.writelines(f"{host}\n" for host in HOSTS)
    with open(f"{WORK}/one.cf", "w") as file:
        file.write(f"{HOSTS[0]}\n")
    clean()
    run(msrc("app", "true"))  # now every host has our executable
    rsync = f"rsync -a -e \"{SSH}\" {WORK}/plain/ {{}}:{FAR}/{{}}/app/"
    # What is done before, and not counted; the command.
    contenders = {
        "ssh HOST true": (None, each(f"{SSH} {{}} true")),
        "rsync, first": (clean_trees, each(rsync)),
        "rsync, then ssh, no change": (None, each(f"{rsync} && {SSH} {{}} true")),
        "msrc, first": (clean_trees, msrc("app", "true")),
        "msrc, no change": (None, msrc("app", "true")),
    }
    seconds = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, (prepare, command) in contenders.items():
            if prepare is not None:
                prepare()
            seconds[name].append(run(command)[0])
    median = {name: statistics.median(s) for name, s in seconds.items()}

    run(msrc("big", "true", hosts="one.cf"))
    change_big()
    before = loopback()
    run(msrc("big", "true", hosts="one.cf"))
    sent = sent_bytes(before)
    memory = peak_memory(f"{BIN} msrc -P{len(HOSTS)} -C {WORK}/hosts.cf -DSSH='{SSH}' true")

    plain = median["ssh HOST true"]
    figures = {
        "no change, of one ssh a host": (median["msrc, no change"] / plain, 1.15),
        "no change, of rsync, then ssh":
            (median["msrc, no change"] / median["rsync, then ssh, no change"], 0.6),
        "first, of rsync": (median["msrc, first"] / median["rsync, first"], 1.0),
        "MB sent of 100 with 1 new": (sent / 1e6, 3.0),
        "MB of memory": (memory / 1e6, 50 + 0.2 * len(HOSTS)),
    }
    for name, value in median.items():
        print(f"{value:8.3f} s  {name}")
    for name, (value, most) in figures.items():
        print(f"{value:8.2f}    {name} (at most {most:.2f})")
    ansible()
    with open(sys.argv[1], "w") as file:
        json.dump({"seconds": seconds, "figures": {n: v for n, (v, _) in figures.items()}}, file)


main()
