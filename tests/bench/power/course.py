"""The course of tests/bench/power/run: each contender once a round, medians."""
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys

WORK = os.environ["WORK"]
FAKES = os.environ["FAKES"]
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
ONLY = os.environ.get("BENCH_ONLY", "")
LONGEST = 400  # seconds, of one run
FIRST = 127 << 24 | 31 << 8 | 1  # 127.0.31.1
SUITE = 17
STRIPS, PLUGS = 64, 16  # PLUGS: what the vpc of powerman's has
FENCED = 10  # hosts that fence_ipmilan is run for: each takes as long as the next

environment = dict(os.environ, PATH=f"{WORK}:{os.environ['PATH']}:/usr/sbin", LC_ALL="C")
environment.pop("PCU_REBOOT", None)
FOLDERS = f"--run-dir {WORK}/run --state-dir {WORK}/state --secret-dir {WORK}/secrets"


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def address(n):
    return socket.inet_ntoa((FIRST + n).to_bytes(4, "big"))


@contextlib.contextmanager
def server(argv):
    """A program that says when it is ready: to a descriptor of its own that is added as its last
    word when that is --ready-fd=. Ended and waited for."""
    said, says = os.pipe()
    if argv[-1] == "--ready-fd=":
        argv = [*argv[:-1], f"--ready-fd={says}"]
        process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   pass_fds=[says])
    else:
        process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=says, stderr=subprocess.DEVNULL)
    os.close(says)
    try:
        if not os.read(said, 1):
            sys.exit(f"{argv[0]} was not ready")
        yield process
    finally:
        os.close(said)
        process.terminate()
        process.communicate()


class Run:
    """What a command took. `reached`: until all that was wanted had been said."""

    def __init__(self, command, word, wanted, stop=False):
        done = subprocess.run([f"{WORK}/measure", word, str(wanted), str(int(stop)), "sh", "-c",
                               "exec " + command], cwd=WORK, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=LONGEST)
        words = done.stdout.split()
        if len(words) != 6:
            sys.exit(f"{command}: {done.stderr.decode()[-1000:]}")
        self.seconds, self.cpu, kilobytes, count, self.reached, self.code = map(float, words)
        self.megabytes = kilobytes / 1024
        if self.reached < 0:
            sys.exit(f"{command}: {count:.0f} of {wanted} answered, exit {self.code:.0f}\n"
                     f"{done.stderr.decode()[-1000:]}")


class Contender:
    def __init__(self, name, command, word, wanted, of=1, needs=None, stop=False, rounds=ROUNDS):
        self.name, self.command, self.word, self.wanted = name, command, word, wanted
        self.rounds = rounds
        self.of = of  # a part of the work: its times are multiplied
        self.stop = stop
        self.missing = needs is not None and shutil.which(needs, path=environment["PATH"]) is None
        self.runs = []

    def run(self):
        self.runs.append(Run(self.command, self.word, self.wanted, self.stop))

    def median(self, what):
        return self.of * statistics.median(getattr(r, what) for r in self.runs)


groups = {}


def show(group, contenders):
    groups[group] = {c.name: c for c in contenders if c.runs}
    print(group)
    for c in contenders:
        if c.missing:
            print(f"  {c.name:34} is not installed")
        elif c.runs:
            extra = ", then ended" if c.stop else ""
            extra += ", once" if c.rounds == 1 else ""
            scaled = f"  ({c.of} times what was measured)" if c.of != 1 else ""
            print(f"  {c.name:34} {c.median('seconds'):8.3f} s  cpu {c.median('cpu'):7.3f} s  "
                  f"{c.median('megabytes') / c.of:6.1f} MB{scaled}{extra}")
    sys.stdout.flush()


def controllers(group, count, options=(), delay=0, dead=0, more=False):
    """The status of so many controllers; each run meets fresh ones."""
    if ONLY not in group:
        return
    living = count - dead
    with open(f"{WORK}/ipmi.conf", "w") as file:
        for n in range(count):
            file.write(f'pcu "bmc{n + 1}" {{ ip "{address(n)}" ports ipmi user "admin" '
                       f'secret file:{WORK}/password suite {SUITE} node "h{n + 1}" "1" }}\n')
    addresses = [address(n) for n in range(count)]
    with open(f"{WORK}/addresses", "w") as file:
        file.writelines(a + "\n" for a in addresses)
    # Its answers are lines of a pipe: as on a terminal, not all at the end.
    lines = "stdbuf -oL " if dead else ""
    port = free_port(socket.SOCK_DGRAM)
    # An echo that loses something ends in nothing.
    limit = [Contender("limit: 4 round trips", f"{WORK}/exchange udp {port} {living} 4 90",
                       "done", 1)] if more or delay or count > 100 else []
    contenders = limit + [
        Contender("pcu-reboot status",
                  f"pcu-reboot -c {WORK}/ipmi.conf {FOLDERS} status 'h[1-{count}]'", ": on",
                  living, stop=dead > 0),
        Contender("ipmipower -s", f"{lines}ipmipower -D LAN_2_0 -I {SUITE} -l admin -u admin "
                  f"-p secret -s -h {','.join(addresses)}", ": on", living, needs="ipmipower",
                  stop=dead > 0),
    ]
    if dead:
        contenders.append(Contender("ipmipower -s, to its end", contenders[-1].command, ": on",
                                    living, needs="ipmipower", rounds=1))
    if more:
        contenders += [
            Contender("ipmitool, one after the other",
                      f"xargs -I{{}} ipmitool -I lanplus -C {SUITE} -L ADMINISTRATOR -U admin "
                      f"-f {WORK}/password -H {{}} power status <{WORK}/addresses",
                      "is on", count, needs="ipmitool"),
            Contender("fence_ipmilan, likewise",
                      f"sh -c 'head -{FENCED} {WORK}/addresses | xargs -I{{}} fence_ipmilan -P "
                      f"-C {SUITE} -l admin -p secret -a {{}} -o status'",
                      "Status: ON", FENCED, of=count // FENCED, needs="fence_ipmilan"),
        ]
    for turn in range(ROUNDS):
        for contender in contenders:
            if contender.missing or turn >= contender.rounds:
                continue
            if contender.name.startswith("limit"):
                with server([f"{WORK}/exchange", "serve", str(port), str(delay)]):
                    contender.run()
                continue
            with server([f"{FAKES}/bmc", f"--address={address(0)}", f"--count={count}",
                         f"--dead={dead}", f"--seed={1000 * turn}", *options, "--ready-fd="]):
                contender.run()
    show(group, contenders)


def switched(strips, count):
    """How often a plug was switched so far."""
    strips.send_signal(signal.SIGUSR1)
    lines = [strips.stdout.readline().split() for _ in range(count)]
    return sum(int(words[-1]) for words in lines)


def strip_files(port, listen, count, device="/etc/powerman/vpc.dev", model="vpc", prefix=""):
    for name, first in (("ours.conf", ""), ("theirs.conf", f'listen "127.0.0.1:{listen[0]}"\n'),
                        ("server.conf", f'listen "127.0.0.1:{listen[1]}"\n')):
        with open(f"{WORK}/{prefix}{name}", "w") as file:
            file.write(f'{first}include "{device}"\n')
            for n in range(count):
                file.write(f'device "v{n}" "{model}" "127.0.35.{n + 1}:{port}"\n')
                file.write(f'node "t[{n * PLUGS}-{n * PLUGS + PLUGS - 1}]" "v{n}"\n')


def await_query(port, process, every):
    """Until all devices are logged in, so that the next query finds them so."""
    for _ in range(100):
        if process.poll() is not None:
            return False
        done = subprocess.run(["powerman", "-h", f"127.0.0.1:{port}", "-q"], env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        if f"on:      {every}" in done.stdout.decode():
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    return False


def powermand(command, word, wanted=1):
    """powerman's server, for one command; it would go when its input ends."""
    return Contender("powerman, connects first",
                     f"sh -c '(echo \"{command}\"; sleep 60) | "
                     f"powermand -f --stdio -c {WORK}/theirs.conf'", word, wanted, stop=True)


def vpcd(count, port, *more):
    return server([f"{FAKES}/vpcd", f"--count={count}", "--address=127.0.35.1", f"--port={port}",
                   f"--plugs={PLUGS}", *more, "--ready-fd="])


def strips(count, cycled):
    """So many strips: the state of all plugs, and a cycle of all, a second each in the device's
    script."""
    many = count * PLUGS
    query, cycle = f"{many} plugs, query", f"{many} plugs, cycle"
    every = f"t[0-{many - 1}]"
    port, listen, echo = free_port(), (free_port(), free_port()), free_port()
    strip_files(port, listen, count)
    ours = f"pcu-reboot -c {WORK}/ours.conf {FOLDERS}"
    # powerman switches and believes it; so does this.
    as_powerman = "cycle --native-cycle --no-wait --yes @all"
    queries = [
        Contender("limit: 4 round trips by TCP", f"{WORK}/exchange tcp {echo} {count} 4 300",
                  "done", 1),
        Contender("pcu-reboot, connects first", f"{ours} status @all", ": on ", many),
        powermand("status", every),
        Contender("powerman, connected", f"powerman -h 127.0.0.1:{listen[0]} -q", every, 1),
        Contender("pcu-reboot serve, connected", f"powerman -h 127.0.0.1:{listen[1]} -q", every, 1),
    ] if ONLY in query else []
    cycles = [
        Contender("pcu-reboot, connects first", f"{ours} {as_powerman}", " cycle", many),
        powermand(f"cycle {every}", "completed successfully"),
        Contender("powerman, connected", f"powerman -h 127.0.0.1:{listen[0]} -c '{every}'",
                  "success", 1),
        Contender("pcu-reboot serve, connected", f"powerman -h 127.0.0.1:{listen[1]} -c '{every}'",
                  "success", 1),
        Contender("pcu-reboot, off and on confirmed", f"{ours} cycle --off-time 1s --yes @all",
                  ": cycled", many),
    ] if cycled and ONLY in cycle else []
    if not queries and not cycles:
        return
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(vpcd(count, port))
        stack.enter_context(server([f"{WORK}/exchange", "serve", str(echo), "0"]))
        peers = []
        for conf, at, argv in (("theirs", listen[0], ["powermand", "-f", "-c"]),
                               ("server", listen[1], ["pcu-reboot", "serve", "--config"])):
            # A server keeps its strips' locks: one of its own has others.
            more = [*FOLDERS.replace("/run ", "/served ").split(), "--native-cycle", "--no-wait"]
            process = subprocess.Popen([*argv, f"{WORK}/{conf}.conf",
                                        *(more if conf == "server" else [])], env=environment,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            stack.callback(lambda p=process: (p.terminate(), p.wait()))
            if not await_query(at, process, every):
                peers.append(conf)
        for contender in queries + cycles:
            contender.missing = ("serve" in contender.name and "server" in peers) or (
                contender.name == "powerman, connected" and "theirs" in peers)
        for _ in range(ROUNDS):
            for contender in queries + cycles:
                if contender.missing:
                    continue
                before = switched(served, count)
                contender.run()
                did = switched(served, count) - before
                if did != (2 * many if contender in cycles else 0):
                    sys.exit(f"{contender.name}: switched {did} times")
    if queries:
        show(query, queries)
    if cycles:
        show(cycle, cycles)


def interleaved():
    """Three plugs of one strip are cycled, a second each in the device's script: powerman's one
    after the other, ours while the others pause."""
    group = "3 plugs of one device, cycle"
    if ONLY not in group:
        return
    port, listen = free_port(), (free_port(), free_port())
    with open("/etc/powerman/vpc.dev") as file:
        words = file.read()
    with open(f"{WORK}/vpc3.dev", "w") as file:
        file.write("language 2\n" +
                   words.replace('specification "vpc" {', 'specification "vpc3" { interleave yes'))
    strip_files(port, listen, 1)
    strip_files(port, listen, 1, f"{WORK}/vpc3.dev", "vpc3", "inter")
    contenders = [
        Contender("pcu-reboot", f"pcu-reboot -c {WORK}/interours.conf {FOLDERS} "
                  "cycle --native-cycle --no-wait --yes t1 t2 t3", " cycle", 3),
        powermand("cycle t[1-3]", "completed successfully"),
    ]
    with vpcd(1, port) as served:
        for _ in range(ROUNDS):
            for contender in contenders:
                before = switched(served, 1)
                contender.run()
                if switched(served, 1) - before != 6:
                    sys.exit(f"{contender.name}: not all were switched once")
    show(group, contenders)


def some_silent():
    """Of five strips one takes no connection, and one says nothing: when are the others' plugs
    known? And those of the one that refuses?"""
    group = "5 strips, one refuses, one is mute"
    if ONLY not in group:
        return
    port, listen = free_port(), (free_port(), free_port())
    strip_files(port, listen, 5)
    living = 3 * PLUGS
    contenders = [
        Contender("pcu-reboot status", f"pcu-reboot -c {WORK}/ours.conf {FOLDERS} status @all",
                  ": on ", living, stop=True),
        Contender("pcu-reboot status, the one that refuses",
                  f"pcu-reboot -c {WORK}/ours.conf {FOLDERS} status "
                  f"'t[{4 * PLUGS}-{5 * PLUGS - 1}]'", "Connection refused", PLUGS),
        powermand("status", f"t[0-{living - 1}]"),
    ]
    with vpcd(4, port, "--mute=1"):
        for _ in range(ROUNDS):
            for contender in contenders:
                contender.run()
    show(group, contenders)


def redfish():
    """A hundred controllers behind TLS that take a third of a second, and one of them a whole one:
    what fence_redfish took for one."""
    group, count = "100 Redfish", 100
    if ONLY not in group:
        return
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{WORK}/tls.key", "-out",
                    f"{WORK}/tls.crt", "-days", "30", "-subj", "/CN=bmc"],
                   check=True, capture_output=True, timeout=60)
    with contextlib.ExitStack() as stack:
        ports = []
        for delay in ("100ms", "300ms"):
            process = stack.enter_context(server(
                [f"{FAKES}/web", "redfish", "--user=root:secret", f"--delay={delay}",
                 "--ready-fd="]))
            inside = process.stdout.readline().split()[1].decode()
            outside = free_port()
            front = subprocess.Popen(
                ["python3", f"{os.path.dirname(__file__)}/../../fakes/tls_front.py",
                 f"{WORK}/tls.crt", f"{WORK}/tls.key", inside, f"{WORK}/port", "1",
                 f"0.0.0.0:{outside}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL)
            stack.callback(lambda p=front: (p.terminate(), p.communicate()))
            if not os.read(front.stdout.fileno(), 1):
                sys.exit("there is no TLS")
            ports.append(outside)
        with open(f"{WORK}/redfish.conf", "w") as file:
            for n in range(count):
                file.write(f'pcu "r{n + 1}" {{ model "redfish" ip "{address(n)}" ports redfish '
                           f'{ports[n == 0]} user "root" secret file:{WORK}/password tls-insecure '
                           f'node "h{n + 1}" "1" }}\n')
        ours = f"pcu-reboot -c {WORK}/redfish.conf {FOLDERS} status"
        contenders = [
            Contender("pcu-reboot, the slowest alone", f"{ours} h1", ": on", 1),
            Contender("pcu-reboot, all", f"{ours} 'h[1-{count}]'", ": on", count),
            # Told the path and without a session: one call, and not three.
            Contender("fence_redfish, the slowest",
                      f"fence_redfish -a {address(0)} -u {ports[1]} -l root -p secret "
                      "--ssl-insecure --systems-uri /redfish/v1/Systems/1 -o status", "ON", 1,
                      needs="fence_redfish"),
        ]
        for _ in range(ROUNDS):
            for contender in contenders:
                if not contender.missing:
                    contender.run()
    show(group, contenders)


def ratio(group, ours, theirs, what="seconds", of=None):
    contenders = groups.get(group, {})
    if ours not in contenders or theirs not in contenders:
        return None
    return contenders[ours].median(what) / contenders[theirs].median(of or what)


def main():
    os.makedirs(f"{WORK}/secrets", 0o700)
    with open(os.open(f"{WORK}/password", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write("secret\n")
    controllers("100 controllers", 100, more=True)
    controllers("100 controllers, 20 ms", 100, ["--delay=20ms"], delay=20)
    controllers("100 controllers, 5 % lost", 100, ["--loss=0.05"])
    controllers("100 controllers, 5 of them dead", 100, dead=5)
    controllers("1000 controllers", 1000)
    redfish()
    if os.path.exists("/etc/powerman/vpc.dev"):
        strips(8, cycled=False)
        strips(STRIPS, cycled=True)
        interleaved()
        some_silent()
    else:
        print("powerman is not installed: left out")
    status, theirs, cold = "pcu-reboot status", "ipmipower -s", "pcu-reboot, connects first"
    warm, many = "pcu-reboot serve, connected", STRIPS * PLUGS
    asked = [  # what, of which two, at most
        ("100 controllers, of ipmipower", ("100 controllers", status, theirs), 1.0),
        ("20 ms, of ipmipower", ("100 controllers, 20 ms", status, theirs), 0.6),
        ("5 % lost, of ipmipower", ("100 controllers, 5 % lost", status, theirs), 0.5),
        ("5 dead: the living, of ipmipower's whole time",
         ("100 controllers, 5 of them dead", status, "ipmipower -s, to its end", "reached",
          "seconds"), 0.3),
        ("5 dead: the living, of ipmipower",
         ("100 controllers, 5 of them dead", status, theirs, "reached"), 0.3),
        ("1000 controllers, of ipmipower", ("1000 controllers", status, theirs), 1.0),
        ("1000 controllers, memory of ipmipower's",
         ("1000 controllers", status, theirs, "megabytes"), 0.5),
        ("100 controllers, of the limit", ("100 controllers", status, "limit: 4 round trips"), None),
        # A process of powerman's client, nearly all of it.
        ("128 plugs, both connected, of powerman",
         ("128 plugs, query", warm, "powerman, connected"), 1.1),
        ("query, both connect first, of powerman",
         (f"{many} plugs, query", cold, "powerman, connects first"), 1.0),
        ("query, both connected, of powerman",
         (f"{many} plugs, query", warm, "powerman, connected"), 1.0),
        ("query, only powerman connected, of powerman",
         (f"{many} plugs, query", cold, "powerman, connected"), None),
        ("cycle, both connect first, of powerman",
         (f"{many} plugs, cycle", cold, "powerman, connects first"), 1.0),
        ("cycle, both connected, of powerman",
         (f"{many} plugs, cycle", warm, "powerman, connected"), 1.0),
        ("cycle, only powerman connected, of powerman",
         (f"{many} plugs, cycle", cold, "powerman, connected"), None),
        ("3 plugs of one device, interleaved, of powerman's one after the other",
         ("3 plugs of one device, cycle", "pcu-reboot", "powerman, connects first"), 0.37),
        ("one refuses, one is mute: the living, of powerman",
         ("5 strips, one refuses, one is mute", status, "powerman, connects first", "reached"),
         0.1),
        ("100 Redfish, of the slowest",
         ("100 Redfish", "pcu-reboot, all", "pcu-reboot, the slowest alone"), 1.5),
    ]
    figures = {}
    print("figures")
    for name, of, most in asked:
        value = ratio(*of)
        if value is None:
            continue
        figures[name] = {"value": value, "at most": most}
        limit = "" if most is None else f" (at most {most:.2f})"
        missed = "" if most is None or value <= most else "  MISSED"
        print(f"{value:8.3f}    {name}{limit}{missed}")
    with open(sys.argv[1], "w") as file:
        json.dump({"figures": figures, "runs": {
            group: {name: [vars(run) for run in c.runs] for name, c in contenders.items()}
            for group, contenders in groups.items()}}, file, indent=1)


main()
