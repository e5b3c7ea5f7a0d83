"""Student processes, from the grader's side: forks of a warm zygote, each killed as a whole."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import ClassVar

from coursekit import downloads

from . import Unconfinable, bubblewrap
from .frames import Channel, Gone, Late

START_SECONDS = 120.0
POLL_SECONDS = 0.2
GOODBYE_SECONDS = 0.5
GRAPHICS = "/dev/nvidiactl"
ENVIRONMENT = "PATH PYTHONPATH LANG LC_ALL TZ LD_LIBRARY_PATH".split()
NOTHING = {"cells": [], "files": {}, "seconds": 1.0, "shown_seconds": 1.0, "hurry": False}  # a task
SETTINGS = {
    "OMP_NUM_THREADS": "1",  # a fork after a many-threaded operation hangs
    "OMP_THREAD_LIMIT": "1",  # whatever the notebook asks for
    "MPLBACKEND": "agg",
    "NBGRADER_EXECUTION": "autograde",
    "USER": "student",
    "PYTHONMALLOC": "malloc",  # with the next line: large pages, and a fork costs a third
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


@contextlib.contextmanager
def student_process(confined, environment=None, modules=()):
    """A `Student`: a fresh process in an empty folder of its own, with these variables added to its environment, and
    with `modules` imported besides those of every warm process.

    `confined`: it can reach nothing else; raises `Unconfinable` where the machine cannot do that. Otherwise other
    files of this machine are within its reach. Raises `Gone` or `Late` if there is no process to be had.
    """
    zygote = Zygote.of_this_process(confined)
    if confined:
        with _student(zygote, "", environment, modules) as student:
            yield student
    else:
        folder = tempfile.TemporaryDirectory(prefix="student-", ignore_cleanup_errors=True)
        with folder as home, _student(zygote, home, environment, modules) as student:
            yield student


@contextlib.contextmanager
def _student(zygote, home="", environment=None, modules=()):
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            request = {"fork": home, "environment": environment or {}, "modules": list(modules)}
            answer = zygote.ask(request, theirs)
        if "error" in answer:
            raise Gone(f"the kernel refused a new process: {answer['error']}")
        student = Student(ours, zygote, answer["pid"])
        try:
            yield student
        finally:
            student.end()


class Student(Channel):
    """The line to a student process, with `lines` to those who serve its exercises. `too_large`, once it has ended:
    was it ended for using too much memory?"""

    too_large = False

    def __init__(self, connection, zygote, pid):
        super().__init__(connection)
        self.zygote, self.pid, self.lines = zygote, pid, {}

    def start(self, task, seconds):
        """Give it its work (see `student.py`). Raises `Gone` with what the kernel refused, or `Late`."""
        exercises = [cell["exercise"] for cell in task["cells"] if cell["exercise"]]
        pairs = [socket.socketpair() for _ in exercises]
        self.lines = {id: Channel(ours) for id, (ours, _) in zip(exercises, pairs)}
        with contextlib.suppress(Gone):  # then it may have left a word
            self.send(task, seconds)
            self.send_lines([theirs for _, theirs in pairs])
        for _, theirs in pairs:
            theirs.close()
        answer = self.receive(seconds)
        if "refused" in answer:
            raise Gone(f"the kernel refused to confine it: {answer['refused']}")

    def answer(self, computing, clock, line=None):
        """What it sends next, on its own line or on one of `lines`. Raises `Late` once it has computed for
        `computing` seconds without sending anything, or once `clock` seconds have passed; otherwise as `receive`."""
        line, end = line or self, time.monotonic() + clock
        if not line.wait(min(POLL_SECONDS, clock)):
            before = self._computed()
            while not line.wait(min(POLL_SECONDS, max(end - time.monotonic(), 0))):
                if time.monotonic() >= end or self._computed() - before > computing:
                    raise Late("no answer in time")
        return line.receive(max(end - time.monotonic(), POLL_SECONDS))

    def end(self):
        """Kill it with all its children."""
        for line in self.lines.values():
            line.connection.close()
        try:
            self.too_large = self.zygote.ask({"kill": self.pid}).get("memory", False)
        except (Gone, Late):  # unconfined student code can end its parent; then nobody else is left to end the student
            if not self.zygote.confined:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)

    def _computed(self):
        try:
            return self.zygote.ask({"usage": self.pid})["computed"]
        except (Gone, Late):
            return 0.0


class Zygote:
    """The line to a warm process. A grader process starts one when it first needs one, confined or not; or it joins
    the one that another has started for all of them (`Shared`)."""

    running: ClassVar[dict] = {}
    tried = False  # has this machine confined?
    refused = ""  # why it cannot, once that is known

    def __init__(self, line, confined, process=None):
        self.line, self.confined, self.process = line, confined, process
        self.owner, self.gone = os.getpid(), False
        self._receive()

    @classmethod
    def start(cls, confined):
        """A new one, of this process alone. Raises `Gone` with its last words if it does not start."""
        with tempfile.TemporaryFile() as errors:
            line, process = _start(confined, errors)
            try:
                return cls(line, confined, process)
            except Gone:
                process.wait()
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip().splitlines()
                raise Gone(f"the warm process did not start: {said[-1] if said else 'it gave no reason'}")

    @classmethod
    def join(cls, address):
        """Use the confined one that listens at `address`; where that fails, this process will start its own."""
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(address)
            cls.running[True] = cls(line, confined=True)
        except (OSError, Gone, Late):
            line.close()

    @classmethod
    def of_this_process(cls, confined):
        """The one of this process: a forked worker has its own; a dead one is replaced. Raises `Unconfinable`."""
        zygote = cls.running.get(confined)
        if zygote is None or not zygote.alive:
            zygote = cls.running[confined] = cls._confined() if confined else cls.start(False)
        return zygote

    @property
    def alive(self):
        ended = self.process is not None and self.process.poll() is not None
        return self.owner == os.getpid() and not self.gone and not ended

    @classmethod
    def _confined(cls):
        if cls.refused:
            raise Unconfinable(cls.refused)
        try:
            zygote = cls.start(True)
            zygote._try_out()
        except (bubblewrap.NotInstalled, ImportError, Gone, Late, OSError) as error:
            if cls.tried:  # it has worked: this is bad luck, and for the caller to try again
                raise Gone(str(error))
            cls.refused = _sentence(error)
            raise Unconfinable(cls.refused)
        cls.tried = True
        return zygote

    def _try_out(self):
        """Run an empty notebook. Raises `Gone` if the kernel refuses something."""
        with _student(self) as student:
            student.start(NOTHING, START_SECONDS)

    def ask(self, request, connection=None):
        """One request, with a socket to hand over or without; its answer. Raises `Gone` or `Late`."""
        descriptors = [connection.fileno()] if connection else []
        try:
            socket.send_fds(self.line, [json.dumps(request).encode()], descriptors)
        except OSError as error:
            self.gone = True
            raise Gone(f"the zygote is gone: {error}")
        return self._receive()

    def _receive(self):
        self.gone = True  # until it has answered
        if not select.select([self.line], [], [], START_SECONDS)[0]:
            raise Late("the zygote does not answer")
        try:
            data = self.line.recv(4096)
        except OSError as error:
            raise Gone(f"the zygote is gone: {error}")
        if not data:
            raise Gone("the zygote ended")
        self.gone = False
        return json.loads(data)


class Shared:
    """A confined warm process for all the workers of this machine: they `Zygote.join` its `address`. It is not waited
    for. If it does not start, each worker finds out what is missing by starting its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)  # nobody else's
        self.address = os.path.join(self.folder.name, "zygote")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen()
            try:
                self.line, self.process = _start(True, subprocess.DEVNULL, listener)
            except (bubblewrap.NotInstalled, OSError):
                self.line, self.process = None, None

    def stop(self):
        """End it with all its forks, even while it is still warming. It ends by itself when the line closes, unless it
        is warming; the kernel forgets what the processes of a namespace have computed that is killed from outside."""
        if self.process is not None:
            self.line.close()
            try:
                self.process.wait(GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.folder.cleanup()


def _start(confined, errors, listener=None):
    """(line, process) of a new warm process."""
    graphics = os.path.exists(GRAPHICS)
    line, theirs = socket.socketpair()
    descriptors = [theirs.fileno(), *([listener.fileno()] if listener else [])]
    program = [sys.executable, "-sP", "-m", "autograder.sandbox.zygote", *map(str, [*descriptors, 0][:2])]
    program += ["confined"] * confined + ["proc"] * graphics
    environment = {**{k: os.environ[k] for k in ENVIRONMENT if k in os.environ}, **SETTINGS}
    environment["COURSEKIT_DATA"] = str(downloads.cache())  # where the home is another, the data sets are the same
    if confined:
        program = bubblewrap.command(program, environment, graphics)
    with theirs:
        process = subprocess.Popen(
            program,
            pass_fds=descriptors,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is the grader's business
        )
    return line, process


def _sentence(error):
    """What is missing to confine student code, and what to do."""
    if sys.platform != "linux":
        return (
            "Student code can be confined on Linux only, and this is another system: grade in the container "
            "(see Containerfile)."
        )
    if isinstance(error, bubblewrap.NotInstalled):
        return "bubblewrap is not installed, which confines student code: sudo apt-get install bubblewrap."
    text = str(error)
    if "seccomp" in text:
        return f"libseccomp, which refuses system calls, cannot be loaded ({text}): sudo apt-get install libseccomp2."
    if any(word in text for word in ("namespace", "unshare", "Operation not permitted", "uid map", "uid_map")):
        return (
            f"The kernel forbids the namespaces that confine student code ({text}). On the machine itself: "
            "sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0; in a "
            "container: start it as Containerfile says."
        )
    return f"Student code cannot be confined here: {text}"
