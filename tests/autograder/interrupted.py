"""Grade a class again and again, and stop it each time at another of its writes: killed, or with a full disk.

    python interrupted.py killed|full ROOT ANSWERS

ROOT is a course; ANSWERS is JSON, what a worker answers for each notebook. Prints a JSON list: for each write where
it stopped, what was said and what is there after the same call has carried on. The first entry is never stopped.
"""

import errno
import hashlib
import json
import os
import shutil
import signal
import sys
from concurrent.futures import Future
from pathlib import Path

from classroom import STEM, Classroom
from sqlalchemy import event
from sqlalchemy.engine import Engine

from autograder import grading, workers
from autograder.course import CourseError
from coursekit import wire

WRITES = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod"}
GROWS = {"open", "os.rename", "os.mkdir"}  # what a full disk refuses


class Here(workers.Crew):
    """A crew that knows the answers."""

    room = 2
    answers = None

    def __init__(self, count, first, warm):
        super().__init__()

    def start(self):
        return json.dumps(self.answers["ready"]).encode()

    def stop(self):
        pass

    def _send(self, data):
        future = Future()
        notebook = wire.unpack(data)["job"]["notebook"]
        future.set_result(json.dumps(self.answers[hashlib.sha256(notebook).hexdigest()]).encode())
        return future


class Stop:
    """Stops at the write number `at`."""

    def __init__(self, root, kind):
        self.root, self.kind, self.at, self.count, self.place = str(root), kind, 0, 1, ""
        sys.addaudithook(self.hook)
        event.listen(Engine, "before_cursor_execute", self.statement)
        event.listen(Engine, "commit", lambda connection: self.reach("commit"))

    def hook(self, name, arguments):
        path = str(arguments[0]) if arguments else ""
        if name not in WRITES or self.root not in path or (name == "open" and not arguments[2] & os.O_ACCMODE):
            return
        if self.kind == "killed" or name in GROWS:
            self.reach(f"{name} {Path(path).name}")

    def statement(self, connection, cursor, text, *rest):
        if self.kind == "killed" and text.startswith(("INSERT", "UPDATE")):
            self.reach(text.split("(")[0])

    def reach(self, place):
        self.count += 1
        if self.count == self.at:
            self.place = place
            if self.kind == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if place != "commit":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def grade(root):
    """What is said: a sentence, or who was recorded."""
    try:
        graded = list(grading.everyone(Classroom(root).course, STEM))
    except CourseError as sentence:
        return str(sentence)
    return [[g.student, g.problem] for g in graded]


def in_a_fork(function):
    """What `function` gives, run in a process of its own; None if it was killed."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        with os.fdopen(into, "w") as pipe:
            json.dump(function(), pipe)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if not text:
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    return json.loads(text) if text else None


def there(root):
    """All that a run leaves behind: marks, rows, files."""
    return {"rows": Classroom(root).rows(), "files": Classroom(root).files()}


def main(kind, root, answers):
    root = Path(root)
    Here.answers = json.loads(Path(answers).read_text())
    grading.Processes = Here
    before = root.with_name("before")
    shutil.copytree(root, before)
    warm = root.with_name("warm")
    shutil.copytree(root, warm)
    grade(warm)  # everything is loaded before the forks
    stop, stops, at = Stop(root, kind), [], 0
    while True:

        def once(at=at):
            stop.at, stop.count = at, 0  # copying the folder has counted too
            said = grade(root)
            return {"place": stop.place, "said": said, "reached": stop.count}

        done = in_a_fork(once)
        stops.append({"at": at, "first": done, **in_a_fork(lambda: {"then": grade(root), "there": there(root)})})
        if done and at > done["reached"]:
            break
        at += 1
        shutil.rmtree(root)
        shutil.copytree(before, root)
    json.dump(stops, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
