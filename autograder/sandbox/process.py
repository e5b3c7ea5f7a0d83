"""Student processes, from outside: forks of a warm zygote, each killed as a whole."""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from .frames import Channel, Gone, Late

FILE_SIZE = 256 * 2**20  # bytes one file may hold
START_SECONDS = 120.0
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "MPLCONFIGDIR")


@contextlib.contextmanager
def student_process(files):
    """A `Channel` to a fresh student process in a folder of its own that holds `files` (name → bytes).

    In this version it is a plain process: other files of this machine are within its reach.
    """
    with tempfile.TemporaryDirectory(prefix="student-", ignore_cleanup_errors=True) as home:
        lay_out(files, home)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                zygote = Zygote.of_this_process()
                pid = zygote.ask({"fork": home}, theirs)["pid"]
            try:
                yield Channel(ours)
            finally:
                try:
                    zygote.ask({"kill": pid})
                except (Gone, Late):  # student code can end its parent; then nobody else is left to end the student
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(pid, signal.SIGKILL)


def lay_out(files, home):
    """Write `files` below `home`; raises `ValueError` for a name that leads out of it."""
    root = Path(home).resolve()
    for name, data in files.items():
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise ValueError(f"a file that would land outside its folder: {name!r}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


class Zygote:
    """The warm process of this grader process, started when first needed."""

    current = None

    def __init__(self):
        self.owner = os.getpid()
        self.line, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-m", "autograder.sandbox.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=_limits,
            )
        self._receive()

    @classmethod
    def of_this_process(cls):
        """The one of this process: a forked worker starts its own; a dead one is replaced."""
        zygote = cls.current
        if zygote is None or zygote.owner != os.getpid() or zygote.process.poll() is not None:
            cls.current = zygote = cls()
        return zygote

    def ask(self, request, connection=None):
        """One request, with a socket to hand over or without; its answer. Raises `Gone` or `Late`."""
        descriptors = [connection.fileno()] if connection else []
        try:
            socket.send_fds(self.line, [json.dumps(request).encode()], descriptors)
        except OSError as error:
            raise Gone(f"the zygote is gone: {error}")
        return self._receive()

    def _receive(self):
        if not select.select([self.line], [], [], START_SECONDS)[0]:
            raise Late("the zygote does not answer")
        data = self.line.recv(4096)
        if not data:
            raise Gone("the zygote ended; does `python -m autograder.sandbox.zygote` start on this machine?")
        return json.loads(data)


def _environment():
    kept = {k: os.environ[k] for k in ENVIRONMENT if k in os.environ}
    return {
        **kept,
        "OMP_NUM_THREADS": "1",  # a fork after a many-threaded operation hangs
        "MPLBACKEND": "agg",
        "NBGRADER_EXECUTION": "autograde",
    }


def _limits():
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
