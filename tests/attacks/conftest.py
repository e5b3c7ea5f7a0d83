"""A course in which every attack has been handed in and graded, once for all tests, each followed by an honest student."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest

from autograder.course import Course
from autograder.report import Report
from autograder.sandbox import unconfinable

from . import Attack, toy
from . import all as all_attacks

ROOT = Path(__file__).parents[2]
SILENCE = 60.0  # seconds without a word after which the grader counts as hanging
SECRET = "attack-secret-of-the-instructor"


@dataclass
class Graded:
    """What became of one student."""

    student: str
    report: Report | None = None
    scores: dict = field(default_factory=dict)  # by exercise, as the gradebook has them
    by_hand: bool = False  # the gradebook says that a person gave a score
    found: list = field(default_factory=list)  # what was changed or left behind
    seconds: float = 0.0
    hung: str = ""  # where the grader stood when it did not go on, or died
    outputs: str = ""  # all outputs of the autograded notebook, as JSON
    size: int = 0  # of the autograded notebook
    handed_in: int = 0  # the size of the notebook that was handed in


class Listener:
    """Two sockets that nobody may reach; `heard` is what came."""

    def __init__(self):
        self.heard = []
        self.name = f"attack-listener-{uuid.uuid4().hex}"
        self.internet = socket.create_server(("127.0.0.1", 0))
        self.port = self.internet.getsockname()[1]
        sockets = [self.internet]
        if sys.platform == "linux":
            unix = socket.socket(socket.AF_UNIX)
            unix.bind("\0" + self.name)
            unix.listen()
            sockets.append(unix)
        for one in sockets:
            threading.Thread(target=self._listen, args=(one,), daemon=True).start()

    def _listen(self, server):
        with contextlib.suppress(OSError):
            while True:
                line, _ = server.accept()
                line.settimeout(2)
                with line, contextlib.suppress(OSError):
                    self.heard.append(line.recv(1000))


class AttackedCourse:
    """The course, and what became of everybody. Run with `grade`."""

    def __init__(self, root, attacks):
        self.root, self.attacks = root, attacks
        self.listener = Listener()
        self.graded, self.stuck, self.said, self.seconds = {}, {}, "", 0.0
        self.names = {a.id: f"{i:03}a-{a.student}" for i, a in enumerate(attacks)}
        self.followers = {a.id: f"{i:03}b-honest" for i, a in enumerate(attacks)}
        self._make()

    def _make(self):
        (self.root / "solutions" / toy.STEM).mkdir(parents=True)
        nbformat.write(toy.source(), self.root / "solutions" / toy.STEM / "toy.ipynb")
        config = (ROOT / "nbgrader_config.py").read_text()
        lines = [x for x in config.splitlines() if "PREPROCESSORS" not in x]  # released as stock nbgrader does
        (self.root / "nbgrader_config.py").write_text("\n".join(lines))
        nbgrader = Path(sys.executable).parent / "nbgrader"
        command = [nbgrader, "generate_assignment", toy.STEM]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self.course = Course(self.root)
        shutil.copy(self.root / "gradebook.db", self.root / "gradebook-backup.db")
        places = {"course": self.root, "port": self.listener.port, "socket": self.listener.name}
        for attack in self.attacks:
            attack.hand_in(self.folder(self.names[attack.id]), **places)
            honest = self.folder(self.followers[attack.id])
            honest.mkdir(parents=True)
            nbformat.write(toy.submitted([], self.followers[attack.id]), honest / "toy.ipynb")

    def folder(self, student):
        return self.root / "submitted" / student / toy.STEM

    def command(self, *words):
        """`autograder` as `watched.py` starts it."""
        journal = self.root.parent / "journal"
        temporary = self.root.parent / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "JOURNAL": str(journal),
            "TMPDIR": str(temporary),
            "PYTHONPATH": str(ROOT),
            "PATH": f"{os.environ['PATH']}:/nonexistent/journal",
            "ATTACK_SECRET": SECRET,
        }
        return [sys.executable, "-m", "tests.attacks.watched", *words], environment, journal

    def grade(self):
        start = time.monotonic()
        words = ["grade", "--assignment", toy.STEM, "--workers", "1"]
        words += ["--unconfined"] if unconfinable() else []
        while stuck := self._run(words):  # the same command carries on without the one that it is stuck on
            student, where = stuck
            self.stuck[student] = where
            assert self.folder(student).exists(), f"the grader is stuck, and nobody knows on what:\n{where}"
            shutil.rmtree(self.root / "submitted" / student)
            assert len(self.stuck) < 10, f"the grader does not get through:\n{self.stuck}"
        self.seconds = time.monotonic() - start
        events = [json.loads(x) for x in (self.root.parent / "journal").read_text().splitlines()]
        events = {e["student"]: e for e in events if e["event"] == "end"}
        for attack in self.attacks:
            self._look(self.names[attack.id], events.get(attack.student))
            self._look(self.followers[attack.id], events.get(self.followers[attack.id]))

    def _run(self, words):
        """Run the command to its end; else (the student it was at when it died or went silent, where it stood)."""
        command, environment, journal = self.command(*words)
        output = self.root.parent / "output"
        with open(output, "wb") as file:
            process = subprocess.Popen(
                command, cwd=self.root, env=environment, stdout=file, stderr=file, start_new_session=True
            )
        last, seen = time.monotonic(), None
        while process.poll() is None and time.monotonic() - last < SILENCE:
            time.sleep(0.1)
            size = output.stat().st_size, journal.stat().st_size if journal.exists() else 0
            if size != seen:
                seen, last = size, time.monotonic()
        event = self._last(journal, process.pid)
        silent = process.poll() is None
        if silent:
            with contextlib.suppress(ProcessLookupError):
                os.kill(event["pid"], signal.SIGUSR1)  # it says where it stands
                time.sleep(1)
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        self.said = output.read_text(errors="replace")
        if not silent and status in (0, 1) and f"students of {toy.STEM}" in self.said:
            return None
        lines = [line[:200] for line in self.said.splitlines()[-30:]]
        return self._who(event["student"]), "\n".join([f"status {status}, after {event}", *lines])

    def _last(self, journal, pid):
        """Where the grader was: at reading or recording somebody, else at a notebook that has not ended."""
        events = [json.loads(x) for x in journal.read_text().splitlines()]
        at = [e for e in events if e["pid"] == pid][-1:]
        return at[0] if at and at[0]["student"] else events[-1]

    def _who(self, said):
        return next((self.names[a.id] for a in self.attacks if a.student == said), said)

    def _look(self, student, event):
        one = self.graded[student] = Graded(student, hung=self.stuck.get(student, ""))
        if event:
            one.found, one.seconds = event["found"], event["seconds"]
        path = self.course.folder("autograded", student, toy.STEM) / "toy.ipynb"
        if path.exists():
            one.size, one.handed_in = path.stat().st_size, (self.folder(student) / "toy.ipynb").lstat().st_size
            nb = json.loads(path.read_text())
            one.report = Report.from_dict(nb["metadata"]["autograder"]["report"])
            one.outputs = json.dumps([c.get("outputs", []) for c in nb["cells"]])
        with self.course.gradebook() as gradebook, contextlib.suppress(Exception):
            grades = gradebook.find_submission_notebook(toy.STEM, toy.STEM, student).grades
            one.scores = {g.name.removeprefix("toy-"): (g.score, g.needs_manual_grade) for g in grades}
            one.by_hand = any(g.manual_score is not None or g.extra_credit for g in grades)

    def pages(self, attacks):
        """The feedback pages of these attacks' students, written by the real command."""
        students = [self.names[a.id] for a in attacks]
        words = [w for s in students for w in ("--student", s)]
        command, environment, _ = self.command("feedback", toy.STEM, *words)
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return {a.id: self.course.folder("feedback", s, toy.STEM) / "toy.html" for a, s in zip(attacks, students)}


@pytest.fixture(scope="session")
def attacked_course(tmp_path_factory, request):
    """Only attacks that this run has selected are handed in."""
    calls = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    ids = {params["attack"].id for params in calls if isinstance(params.get("attack"), Attack)}
    chosen = [a for a in all_attacks() if a.id in ids]
    assert not (unconfinable() and any(a.confined for a in chosen)), "an attack that nothing here would stop"
    course = AttackedCourse(tmp_path_factory.mktemp("attacked") / "course", chosen)
    course.grade()
    yield course
    course.listener.internet.close()
