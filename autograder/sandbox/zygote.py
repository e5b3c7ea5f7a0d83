"""A warm process that has imported what notebooks use, and forks a student process from itself on request.

Started as `zygote.py DESCRIPTOR confined|open [proc]`, it answers one request at a time on that socket:

    {"fork": home, "environment": {…}} with a socket attached   → {"pid": …} or {"error": …}
                                         the fork speaks to the referee over that socket
    {"usage": pid}                       → {"computed": seconds} by the fork and its children, or null if nobody knows
    {"kill": pid}                        → {"killed": pid, "memory": true if it was ended for using too much}
                                         the fork, its children, and its exit status are gone

Between requests it watches over the memory that a confined fork and its children use.
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

from . import confine

WARM = """numpy torch sklearn.datasets matplotlib.pyplot matplotlib.font_manager matplotlib.backends.backend_agg
coursekit.check coursekit.data coursekit.plot coursekit.progress coursekit.device
contourpy rich.columns rich.table safetensors.numpy safetensors.torch""".split()
MEMORY = 4 * 2**30  # bytes that a notebook's processes may use together, beyond what they share with this one
LOOK_SECONDS = 0.1
PAGE, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


def main(descriptor, confined, proc_in_view):
    """Answer requests until the other side closes."""
    if confined:
        confine.become_nobody()
    line = socket.socket(fileno=descriptor)
    zygote = Zygote(warm_up(), line, confined, proc_in_view)
    line.sendall(b'{"ready": true}')
    while True:
        while not select.select([line], [], [], LOOK_SECONDS if zygote.watched else None)[0]:
            zygote.look()
        data, descriptors, _, _ = socket.recv_fds(line, 4096, 1)
        if not data:
            return
        request = json.loads(data)
        if "fork" in request:
            answer = zygote.fork(request["fork"], request["environment"], descriptors[0])
        elif "usage" in request:
            answer = {"computed": zygote.computed(request["usage"])}
        else:
            answer = zygote.end(request["kill"])
        line.sendall(json.dumps(answer).encode())


def warm_up():
    """Import everything, build the shell, and run once what every notebook runs."""
    for module in WARM:
        importlib.import_module(module)

    import torch

    from .shell import NotebookShell

    torch.set_num_threads(1)  # a fork after a many-threaded operation hangs
    shell = NotebookShell.instance()  # the one that get_ipython() gives: matplotlib and coursekit.plot ask for it
    shell.run("%matplotlib inline", 60)
    shell.reset_counters()
    gc.collect()
    gc.freeze()  # keeps the collector of every fork off the pages they share
    return shell


class Zygote:
    """The warm process, once it is warm."""

    def __init__(self, shell, line, confined, proc_in_view):
        self.shell, self.line, self.confined, self.proc_in_view = shell, line, confined, proc_in_view
        self.filter = confine.system_calls() if confined else None
        self.watched = 0  # the confined fork whose memory is looked at
        self.ended_for_memory = False
        self.own_pages = _statistics(os.getpid())[1] if confined else 0

    def fork(self, home, environment, descriptor):
        """A fork that runs a notebook in the folder `home`; the answer to the request."""
        if self.confined:
            pid, refused = confine.fork(self.proc_in_view)
            home = confine.HOME
        else:
            pid, refused = os.fork(), ""
        if pid == 0 and not refused:
            self.line.close()
            become_student(self.shell, home, environment, descriptor, self.filter)
        os.close(descriptor)
        if refused:
            return {"error": refused}
        self.watched, self.ended_for_memory = pid if self.confined else 0, False
        return {"pid": pid}

    def look(self):
        """End the watched fork if its processes use too much memory, or are too many for a limit that fails."""
        pages = [_statistics(pid)[1] for pid in self._family(self.watched)]
        used = sum(max(n - self.own_pages, 0) for n in pages) * PAGE
        if used > MEMORY or len(pages) > 2 * confine.PROCESSES:
            self.ended_for_memory = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.watched, signal.SIGKILL)

    def computed(self, pid):
        """Seconds of computing by a fork and its children."""
        family = self._family(pid)
        return sum(_statistics(member)[0] for member in family) if family else None

    def end(self, pid):
        """Kill a fork with all its processes, and reap it."""
        for kill in (os.killpg, os.kill):  # it may not have reached setsid yet
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        self.watched = 0
        return {"killed": pid, "memory": self.ended_for_memory}

    def _family(self, pid):
        """The fork `pid` and its descendants. In the confined world they are everybody but this process and the
        room's first; elsewhere a session."""
        if self.confined:
            return [int(n) for n in os.listdir("/proc") if n.isdigit() and int(n) not in (1, os.getpid())]
        try:
            numbers = [int(n) for n in os.listdir("/proc") if n.isdigit()]
        except OSError:  # not Linux
            return []
        return [n for n in numbers if _session(n) == pid]


def _statistics(pid):
    """(seconds computed, pages in memory) of a process; zeros if it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0
    return sum(map(int, fields[11:15])) / TICKS, int(fields[21])


def _session(pid):
    try:
        return os.getsid(pid)
    except OSError:
        return None


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
    main(int(sys.argv[1]), "confined" in sys.argv, "proc" in sys.argv)
