"""A student process, from outside: started with nothing of ours but its code, killed as a whole."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from .frames import Channel

FILE_SIZE = 256 * 2**20  # bytes one file may hold
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")


@contextlib.contextmanager
def student_process(files):
    """A `Channel` to a fresh student process in a folder of its own that holds `files` (name → bytes).

    In this version it is a plain child: other files of this machine are within its reach.
    """
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryDirectory(prefix="student-", ignore_cleanup_errors=True) as home, ours, theirs:
        for name, data in files.items():
            path = Path(home, name)
            if not path.resolve().is_relative_to(Path(home).resolve()):
                raise ValueError(f"a file that would land outside its folder: {name!r}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "autograder.sandbox.student", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=home,
            env=_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_limits,
        )
        theirs.close()
        try:
            yield Channel(ours)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(home):
    kept = {k: os.environ[k] for k in ENVIRONMENT if k in os.environ}
    return {
        **kept,
        "HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", f"{home}/.matplotlib"),
        "COURSEKIT_PROGRESS": f"{home}/progress.json",
        "OMP_NUM_THREADS": "1",  # a fork after a many-threaded operation hangs
        "NBGRADER_EXECUTION": "autograde",
    }


def _limits():
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
