"""A warm process that has imported what notebooks use, and forks a student process from itself on request.

Started as `zygote.py LINE LISTENER [confined] [proc]`, with descriptors of sockets (0: no listener). It says `{"ready": true}` on the
line, and on every connection that comes in at the listener, and then answers requests, one at a time:

    {"fork": home, "environment": {…}, "modules": […]} with a socket attached   → {"pid": …} or {"error": …}
                                         the fork speaks to the referee over that socket; the modules are imported
                                         before it comes to be, and stay
    {"usage": pid}                       → {"computed": seconds} by the fork and its children
    {"kill": pid}                        → {"killed": pid, "memory": true if it was ended for using too much}
                                         the fork, its children, and its exit status are gone

Who hangs up leaves no fork behind; when the first line closes, the warm process ends. Between requests it watches over
the memory that each confined fork and its children use.
It never holds a case, a reference or a seed: whatever it holds, every student process inherits. It never computes
with PyTorch and never touches CUDA: a fork after either hangs or fails.
"""

import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
from typing import NamedTuple

from . import confine

WARM = """numpy torch matplotlib.pyplot matplotlib.font_manager matplotlib.backends.backend_agg
coursekit.check coursekit.data coursekit.plot coursekit.progress coursekit.device
coursekit.figures.figure contourpy rich.columns rich.table safetensors.numpy safetensors.torch""".split()
MEMORY = 4 * 2**30  # bytes that a notebook's processes may use together, beyond what they share with this one
LOOK_SECONDS = 0.1
PAGE, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


def main(descriptor, listener, confined, proc_in_view):
    """Answer requests until the first line closes."""
    if confined:
        confine.become_nobody()
    first = socket.socket(fileno=descriptor)
    zygote = Zygote(warm_up(), confined, proc_in_view)
    lines = [first, *([socket.socket(fileno=listener)] if listener else [])]
    _greet(first)
    while True:
        ready, _, _ = select.select(lines, [], [], LOOK_SECONDS if zygote.forks and confined else None)
        if not ready:
            zygote.look()
        for line in ready:
            if line.fileno() == listener:
                lines.append(line.accept()[0])
                _greet(lines[-1])
            elif not answer(line, zygote):
                if line is first:
                    return
                zygote.end_all(line)
                lines.remove(line)
                line.close()


def _greet(line):
    with contextlib.suppress(OSError):
        line.sendall(b'{"ready": true}')


def answer(line, zygote):
    """Answer one request; False if the other side has hung up."""
    try:
        data, descriptors, _, _ = socket.recv_fds(line, 4096, 1)
        if not data:
            return False
        request = json.loads(data)
        if "fork" in request:
            import_once(request["modules"])
            said = zygote.fork(line, request["fork"], request["environment"], descriptors[0])
        elif "usage" in request:
            said = {"computed": zygote.computed(request["usage"])}
        else:
            said = zygote.end(request["kill"])
        line.sendall(json.dumps(said).encode())
    except OSError:
        return False
    return True


def warm_up():
    """Import everything, build the shell, and run once what every notebook runs."""
    import_once(WARM)

    import torch

    from .shell import NotebookShell

    torch.set_num_threads(1)  # a fork after a many-threaded operation hangs
    shell = NotebookShell.instance()  # the one that get_ipython() gives: matplotlib and coursekit.plot ask for it
    shell.run("%matplotlib inline", 60)
    shell.reset_counters()
    gc.collect()
    gc.freeze()
    return shell


def import_once(modules):
    """Import what is not here yet. The collector rests meanwhile, since importing leaves no garbage worth looking for;
    freezing keeps the collector of every fork off the pages they share."""
    missing = [module for module in modules if module not in sys.modules]
    if missing:
        gc.disable()
        for module in missing:
            importlib.import_module(module)
        gc.freeze()
        gc.enable()


class Zygote:
    """The warm process, once it is warm. `forks` says on whose line each fork was asked for; `too_large` are those
    that were ended for using too much."""

    def __init__(self, shell, confined, proc_in_view):
        self.shell, self.confined, self.proc_in_view = shell, confined, proc_in_view
        self.filter = confine.system_calls() if confined else None
        self.forks, self.too_large = {}, set()
        self.own_pages = _processes()[os.getpid()].pages if confined else 0

    def fork(self, line, home, environment, descriptor):
        """A fork that runs a notebook in the folder `home`; the answer to the request."""
        if self.confined:
            pid, refused = confine.fork(self.proc_in_view)
            home = confine.HOME
        else:
            pid, refused = os.fork(), ""
        if pid == 0 and not refused:
            become_student(self.shell, home, environment, descriptor, self.filter)
        os.close(descriptor)
        if refused:
            return {"error": refused}
        self.forks[pid] = line
        return {"pid": pid}

    def look(self):
        """End the forks whose processes use too much memory, or are too many for a limit that fails."""
        processes = _processes()
        for pid in self.forks:
            family = _family(pid, processes)
            used = sum(max(p.pages - self.own_pages, 0) for p in family) * PAGE
            if used > MEMORY or len(family) > 2 * confine.PROCESSES:
                self.too_large.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def computed(self, pid):
        """Seconds of computing by a fork and its children."""
        return sum(p.seconds for p in _family(pid, _processes(), by_session=not self.confined))

    def end(self, pid):
        """Kill a fork with all its processes, and reap it."""
        for kill in (os.killpg, os.kill):  # it may not have reached setsid yet
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        self.forks.pop(pid, None)
        memory = pid in self.too_large
        self.too_large.discard(pid)
        return {"killed": pid, "memory": memory}

    def end_all(self, line):
        """Kill the forks that were asked for on a line."""
        for pid in [pid for pid, asker in self.forks.items() if asker is line]:
            self.end(pid)


class Process(NamedTuple):
    """What Linux says of a process: who its parent is, its session, how long it has computed, pages in memory."""

    parent: int
    session: int
    seconds: float
    pages: int


def _processes():
    """Every process in view, by number; none where the system is not Linux."""
    found = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            seconds = sum(map(int, fields[11:15])) / TICKS
            found[int(name)] = Process(int(fields[1]), int(fields[3]), seconds, int(fields[21]))
    return found


def _family(pid, processes, by_session=False):
    """A process and its descendants. An orphan stays in the family where `pid` is the first of its own world, and
    inherits it; elsewhere the session holds them together."""
    if by_session:
        return [p for p in processes.values() if p.session == pid]
    children = {}
    for number, process in processes.items():
        children.setdefault(process.parent, []).append(number)
    family, queue = [], [pid]
    while queue:
        number = queue.pop()
        if number in processes:
            family.append(processes[number])
            queue += children.get(number, ())
    return family


def become_student(shell, home, environment, descriptor, filter):
    """In the fork: a session of its own, a home of its own, randomness of its own; then the notebook."""
    from . import student
    from .frames import Channel

    status = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        descriptor = os.dup(descriptor)  # so that it is none of those that are replaced now
        for number in range(3):
            os.dup2(nothing, number)
        os.closerange(3, descriptor)
        os.closerange(descriptor + 1, 4096)
        channel = Channel.of_descriptor(descriptor)
        try:
            os.chdir(home)
            os.environ.update(
                HOME=home, TMPDIR=home, IPYTHONDIR=f"{home}/.ipython", COURSEKIT_PROGRESS=f"{home}/progress.json"
            )
            os.environ.update(environment)
            reseed()
            memory = sys.platform == "linux" and "CUDA_VISIBLE_DEVICES" not in environment
            if filter is None:
                confine.limits(memory)
            else:
                confine.give_up_rights(filter, memory)
        except Exception as error:
            channel.send({"refused": f"{type(error).__name__}: {error}"})
            raise
        student.main(channel, shell)
        status = 0
    finally:
        os._exit(status)


def reseed():
    """Two forks must not draw the same numbers."""
    import numpy as np
    import torch

    random.seed()
    np.random.seed(random.getrandbits(32))
    torch.manual_seed(random.getrandbits(63))


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:3]], "confined" in sys.argv, "proc" in sys.argv)
