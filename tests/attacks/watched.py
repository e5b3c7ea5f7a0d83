"""`autograder`, with the toy chapter, short limits, and an eye on the machine.

    cd COURSE && JOURNAL=… python -m tests.attacks.watched grade --assignment toy --workers 1

The real command; what is different is done by `install`, in it and in every process that grades for it (`spawn` imports
this module again). After each notebook it writes into the journal how long it took and what has changed or was left
behind that should not have. What attacks leave on purpose has "attack-" in its name.
"""

import contextlib
import faulthandler
import hashlib
import json
import os
import re
import signal
import time
from pathlib import Path

import psutil

from autograder import course, recording, referee, rubric

from . import toy

JOURNAL = os.environ["JOURNAL"]
MARK = f"/nonexistent/{Path(JOURNAL).name}"  # in the PATH, hence in the environment of every student process
IPC_KEY = 0xA77AC  # of System V objects; TCP ports from 47601 to 47609 are for attacks that listen
PLACES = ["/tmp", "/var/tmp", "/dev/shm", "/run", "/run/lock", "/", "~", "~/.ipython", "~/.config", "~/.cache"]


def install():
    """The toy chapter beside the others, and short limits."""
    real_load, real_stems, real_run = rubric.load, rubric.stems, referee.run
    real_read, real_record = course.Course.submission, recording.Recorder.record
    rubrics = toy.rubrics()
    rubric.load = lambda stem: rubrics if stem == toy.STEM else real_load(stem)
    rubric.stems = lambda: [*real_stems(), toy.STEM]
    referee.CELL_SECONDS, referee.GRACE_SECONDS, referee.NOTEBOOK_SECONDS = 1.0, 2.0, 30.0

    def run(job):
        student = re.search(rb"Handed in by ([\w-]+)", job.notebook)
        student = student[1].decode() if student else "nobody knows who"
        warm(job)
        before, bait = processes(), state()
        write(event="start", student=student)
        start = time.monotonic()
        try:
            return real_run(job)
        finally:
            seconds = time.monotonic() - start
            write(event="end", student=student, seconds=round(seconds, 2), found=left(before, bait))

    def read(course, assignment, student, *args):
        with at(student):
            return real_read(course, assignment, student, *args)

    def record(recorder, submitted, *args):
        with at(submitted.student):
            return real_record(recorder, submitted, *args)

    referee.run, course.Course.submission, recording.Recorder.record = run, read, record
    faulthandler.register(signal.SIGUSR1)


def warm(job):
    """Start the warm process, so that it does not count as left behind."""
    from autograder.sandbox import unconfinable
    from autograder.sandbox.process import Zygote

    Zygote.of_this_process(confined=not unconfinable())


@contextlib.contextmanager
def at(student):
    """In the journal: at whom the process is that reads and records."""
    write(event="at", student=student)
    yield
    write(event="at", student="")


def write(**event):
    with open(JOURNAL, "a", encoding="utf-8") as file:
        file.write(json.dumps({"pid": os.getpid(), **event}) + "\n")


def processes():
    """{pid: name} of the processes of this run."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE and MARK in process.environ().get("PATH", ""):
                found[process.pid] = " ".join(process.cmdline())[:200] or process.name()
    return found


def state():
    """What no student code may change, as {what: digest}."""
    root = Path.cwd()
    paths = [root / "gradebook-backup.db", root / ".autograder" / "seeds.json"]  # gradebook.db is being recorded into
    paths += [*root.glob("solutions/*/*"), *root.glob("submitted/*/*/*")]
    found = {str(p.relative_to(root)): _digest(p) for p in paths}
    found["coursekit"] = _digest(Path(referee.coursekit.__file__))
    return found


def _digest(path):
    about = path.lstat() if path.is_symlink() or path.exists() else None
    if about is None:
        return None
    small = path.is_file() and not path.is_symlink() and about.st_size < 2**20
    return [about.st_mode, about.st_size, about.st_mtime_ns, small and hashlib.sha256(path.read_bytes()).hexdigest()]


def left(before, bait):
    """Sentences about what a notebook has changed or left behind."""
    end = time.monotonic() + 5  # the killed may still be on their way out
    while True:
        now = processes()
        more, less = now.keys() - before.keys(), before.keys() - now.keys()
        if len(more) <= len(less) or time.monotonic() > end:  # the warm process, if it died, is replaced
            break
        time.sleep(0.05)
    found = [f"a process: {pid} {now[pid]}" for pid in more] if len(more) > len(less) else []
    after = state()
    found += [f"changed: {name}" for name in bait.keys() | after.keys() if bait.get(name) != after.get(name)]
    for place in [Path.cwd(), Path(os.environ["TMPDIR"]), *(Path(p).expanduser() for p in PLACES)]:
        with contextlib.suppress(OSError):
            found += [f"a file: {p}" for p in place.iterdir() if p.name.startswith("attack-")]
    found += [f"a folder: {p}" for p in Path(os.environ["TMPDIR"]).glob("student-*")]
    for kind in ("shm", "sem", "msg"):
        with contextlib.suppress(OSError):
            lines = Path("/proc/sysvipc", kind).read_text().splitlines()[1:]
            found += [f"System V {kind}: {line}" for line in lines if int(line.split()[0]) == IPC_KEY]
    with contextlib.suppress(OSError):
        found += [f"a socket: {x}" for x in Path("/proc/net/unix").read_text().splitlines() if "@attack-left" in x]
    for connection in psutil.net_connections("inet"):
        if connection.status == psutil.CONN_LISTEN and 47600 < connection.laddr.port < 47610:
            found.append(f"a listening socket: {connection.laddr}")
    return found


install()
if __name__ == "__main__":
    from autograder.cli import main

    main()
