"""What a command costs: seconds by the clock, seconds of computing in it and in all its descendants, peak memory.

Computing is what the kernel charges to a process and to the children it waits for. Whoever loses its parent becomes
ours (a subreaper), so that a process which outlives the command is charged, noticed and ended too.
"""

import contextlib
import ctypes
import os
import resource
import subprocess
import threading
import time
from dataclasses import dataclass

import psutil

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_SECONDS = 0.1
GRACE_SECONDS = 1.0  # for what ends with the command, but a moment later


@dataclass(frozen=True)
class Cost:
    """What a command cost. `peak`: bytes of memory (PSS) of the whole tree, 0 if it was not sampled.
    `late`: it was ended for taking too long. `survivors`: the command lines that were still there after it."""

    wall: float
    cpu: float
    peak: int = 0
    late: bool = False
    status: int = 0
    survivors: tuple[str, ...] = ()

    def __add__(self, other):
        return Cost(
            self.wall + other.wall,
            self.cpu + other.cpu,
            max(self.peak, other.peak),
            self.late or other.late,
            self.status or other.status,
            self.survivors + other.survivors,
        )


def run(command, *, cwd, env=None, log, seconds=None, memory=False):
    """Run a command to its end, its output into the file `log`; returns its `Cost`.

    `memory` samples the tree's memory, which slows it: time and memory are measured in different runs.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before, start = _children_cpu(), time.monotonic()
    with open(log, "ab") as out:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
        sampler = _Sampler() if memory else None
        late = False
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            late = True
        wall = time.monotonic() - start
        peak = sampler.stop() if sampler else 0
        survivors = _end_descendants(process)
    return Cost(wall, _children_cpu() - before, peak, late, process.returncode, survivors)


def _children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _end_descendants(process):
    """Reap what the command left behind, and end what does not end by itself; returns the latter's command lines."""
    left, grace = {}, time.monotonic() + (GRACE_SECONDS if process.poll() is not None else 0)
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            process.poll()
            return tuple(dict.fromkeys(left.values()))
        if time.monotonic() > grace:
            for child in psutil.Process().children(recursive=True):
                try:
                    if child.pid != process.pid and child.status() != psutil.STATUS_ZOMBIE:
                        left.setdefault(child.pid, " ".join(child.cmdline())[:200] or child.name())
                    child.kill()
                except psutil.NoSuchProcess:
                    pass
        time.sleep(0.02)


class _Sampler:
    """Watches the memory of all our descendants: proportional set size, in which a page that n processes share counts
    as an nth for each; where that may not be read, all that is resident."""

    def __init__(self):
        self.peak, self.running = 0, True
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def stop(self):
        self.running = False
        self.thread.join()
        return self.peak

    def _watch(self):
        while self.running:
            total = 0
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
                    try:
                        total += process.memory_full_info().pss
                    except psutil.AccessDenied:
                        total += process.memory_info().rss
            self.peak = max(self.peak, total)
            time.sleep(SAMPLE_SECONDS)
