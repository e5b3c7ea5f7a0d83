"""The attack suite of `tests/attacks` through stock nbgrader, otter-grader and ours.

The peers run student code in the open. Here each of their runs is shut in by bubblewrap (the whole disk read-only, no
network but its own, no other process) with a throw-away copy of a course as the only place to write; what happens to
that copy is what is reported. Attacks marked dangerous are not run through the peers at all.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from tests import attacks
from tests.attacks import toy

from .graders import HERE, PEERS, Grader, remove

SECONDS = 120
AT_ONCE = 2  # rooms; nothing here is timed
PORT, SOCKET = "47600", "attack-benchmark"
VICTIM, LATER = "aa-graded-before", "zz-graded-after"
LIMITS = ["prlimit", "--fsize=200000000", "--as=8000000000", "--cpu=200", "--core=0"]
WORTH = {name: answer.points for name, answer in toy.ANSWERS.items()}


@dataclass(frozen=True)
class Outcome:
    """What became of an attack: the points it got, the points that were honestly earned and lost, whether there is no
    mark at all, and what it did to the grader or to others."""

    points: float = 0.0
    lost: float = 0.0
    dropped: bool = False
    hurt: tuple[str, ...] = ()
    run: bool = True

    @property
    def word(self):
        if not self.run:
            return "not run"
        words = [f"{self.points:g} points"] if self.points else []
        words += [f"hurt: {', '.join(self.hurt)}"] if self.hurt else []
        words += ["dropped"] if self.dropped else [f"{self.lost:g} honest points lost"] if self.lost else []
        return "; ".join(words) or "defended"


def chosen(each=None):
    """The attacks, or the first `each` of every category."""
    seen = {}
    for attack in attacks.all():
        seen.setdefault(attack.category, []).append(attack)
    return [a for group in seen.values() for a in group[:each]]


def judged(attack, scores, hurt, damage=()):
    """The `Outcome` of an attack from the points of each exercise (None where there is no mark)."""
    dropped = all(p is None for p in scores.values()) and not attack.problem
    points = sum(scores.get(name) or 0.0 for name in attack.attacked)
    lost = sum(max(WORTH[name] - (scores.get(name) or 0.0), 0.0) for name in attack.honest)
    return Outcome(points, lost, dropped, tuple(dict.fromkeys([*hurt, *damage])))


class Peer(Grader):
    """A peer that meets attacks, each in a fresh course, dangerous ones not at all."""

    def meet(self, attack):
        if attack.dangerous:
            return Outcome(run=False)
        course = self.fresh(attack.student)
        try:
            return self.outcome(attack, course)
        finally:
            remove(course)


class Nbgrader(Peer):
    """Stock nbgrader with the toy assignment; before the attack one student has been graded, after it one will be."""

    name = "nbgrader"
    stem = toy.STEM

    def prepare(self):
        (self.template / "nbgrader_config.py").write_text("c = get_config()\n")
        source = self.template / "source" / toy.STEM / "toy.ipynb"
        source.parent.mkdir(parents=True)
        nbformat.write(toy.source(), source)
        self.setup("nbgrader", "generate_assignment", toy.STEM)
        self._hand_in_honestly(self.template, VICTIM)
        self.setup("nbgrader", "autograde", toy.STEM)
        self._hand_in_honestly(self.template, LATER)

    def _hand_in_honestly(self, course, student):
        folder = course / "submitted" / student / toy.STEM
        folder.mkdir(parents=True)
        nbformat.write(toy.submitted([], student), folder / "toy.ipynb")

    def outcome(self, attack, course):
        attack.hand_in(course / "submitted" / attack.student / toy.STEM, course=course, port=PORT, socket=SOCKET)
        before = _state(course)
        about = in_room(course, self.env(), ["nbgrader", "autograde", toy.STEM])
        scores = {student: self._scores(course, student) for student in (VICTIM, attack.student, LATER)}
        hurt = _hurt(about)
        hurt += ["the marks of another student"] * (scores[VICTIM] != WORTH)
        hurt += ["the student after it"] * (scores[LATER] != WORTH)
        hurt += ["it read what it must not"] * _leaked(course / "autograded" / attack.student)
        return judged(attack, scores[attack.student], hurt, _damage(course, before))

    def _scores(self, course, student):
        try:
            with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
                grades = gradebook.find_submission_notebook(toy.STEM, toy.STEM, student).grades
                return {
                    g.name.removeprefix("toy-"): g.auto_score if g.manual_score is None else g.manual_score
                    for g in grades
                }
        except MissingEntry:
            return dict.fromkeys(WORTH)


class Otter(Peer):
    """otter-grader with the toy assignment. Each call is its own process: the next student is graded too, to see
    whether it suffers, only if something in the course has changed."""

    name = "otter"

    def prepare(self):
        (self.template / "tests").mkdir()
        for name, answer in toy.ANSWERS.items():
            cases = [(answer.tests, 0.25), (answer.hidden_tests, 0.75)]
            text = ["import numpy as np\nfrom otter.test_files import test_case", f"OK_FORMAT = False\nname = {name!r}"]
            for i, (tests, share) in enumerate(cases):
                body = "\n".join(f"    {line}" for line in tests.splitlines())
                text.append(f"@test_case(points={answer.points * share})\ndef test_{i}({name}):\n{body}")
            (self.template / "tests" / f"{name}.py").write_text("points = None\n" + "\n\n".join(text) + "\n")
        self.setup("otter", "generate")
        honest = self.template / "submitted" / LATER
        honest.mkdir(parents=True)
        nbformat.write(_with_checks(toy.submitted([], LATER)), honest / "toy.ipynb")

    def outcome(self, attack, course):
        folder = course / "submitted" / attack.student
        attack.hand_in(folder, course=course, port=PORT, socket=SOCKET)
        _rewrite(folder / "toy.ipynb")
        before = _state(course)
        about, scores = self._run(course, attack.student)
        hurt, damage = _hurt(about), _damage(course, before)
        if damage:
            hurt += ["the student after it"] * (self._run(course, LATER)[1] != WORTH)
        return judged(attack, scores, hurt, damage)

    def _run(self, course, student):
        results = course / "results" / student
        results.mkdir(parents=True)
        command = ["otter", "run", "-a", "autograder.zip", "-o", f"results/{student}", f"submitted/{student}/toy.ipynb"]
        about = in_room(course, self.env(), command)
        path = results / "results.json"
        found = {t["name"]: t.get("score") for t in json.loads(path.read_text())["tests"]} if path.exists() else {}
        return about, {name: found.get(name) for name in WORTH}


def ours(chosen, folder):
    """{attack id: `Outcome`} by the course of the attack suite's own tests. Where nothing can be confined, attacks that
    only confinement stops are not run."""
    from autograder.sandbox import unconfinable
    from tests.attacks.conftest import AttackedCourse

    left_out = [a for a in chosen if a.confined and unconfinable()]
    chosen = [a for a in chosen if a not in left_out]
    course = AttackedCourse(Path(folder, "course"), chosen)
    course.grade()
    heard = ["it reached the network"] * bool(course.listener.heard)
    outcomes = {a.id: Outcome(run=False) for a in left_out}
    for attack in chosen:
        one, after = course.graded[course.names[attack.id]], course.graded[course.followers[attack.id]]
        scores = {name: one.scores[name][0] if name in one.scores else None for name in WORTH}
        hurt = [*heard, *one.found] + ["it hangs"] * bool(one.hung)
        hurt += ["it read what it must not"] * ("LEAKED:" in one.outputs.replace(r"LEAKED:\", \"'", ""))
        hurt += ["the student after it"] * ({n: s for n, (s, _) in after.scores.items()} != WORTH)
        outcomes[attack.id] = judged(attack, scores, hurt)
    return outcomes


def compare(folder, each, show):
    """[{"attack", "tries", "nbgrader", "otter", "ours"}], the outcome of each as a dict."""
    suite = chosen(each)
    rows = {a.id: {"attack": a.id, "tries": a.tries} for a in suite}
    show(f"ours: {len(suite)} attacks")
    for id, outcome in ours(suite, folder).items():
        rows[id]["ours"] = _plain(outcome)
    for peer in (Nbgrader(folder), Otter(folder)):
        peer.prepare()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for i, (attack, outcome) in enumerate(zip(suite, pool.map(peer.meet, suite), strict=True), 1):
                show(f"{peer.name}: attack {i} of {len(suite)}, {attack.name}: {outcome.word}")
                rows[attack.id][peer.name] = _plain(outcome)
    return list(rows.values())


def in_room(course, env, command):
    """Run a command where it can write into `course` and do nothing else; returns what `room.py` reports."""
    report = course / "report.json"
    report.unlink(missing_ok=True)
    words = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    words += ["--tmpfs", "/var/tmp", "--tmpfs", "/run", "--ro-bind", HERE, HERE]  # a clone may lie in /tmp
    words += ["--bind", course, course, "--chdir", course]
    words += ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL"]
    words += ["--die-with-parent", "--new-session", *LIMITS, PEERS / "python", HERE / "room.py", report, PORT, SOCKET]
    cache = course / ".cache"
    cache.mkdir(exist_ok=True)
    env = {**env, "HOME": str(cache), "MPLCONFIGDIR": str(cache), "TMPDIR": "/tmp"}
    words = list(map(str, [*words, SECONDS, *command]))
    with tempfile.TemporaryFile() as out:
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(words, env=env, stdout=out, stderr=out, timeout=SECONDS + 60)
        if not report.exists():
            out.seek(0)
            raise RuntimeError(f"the room did not open: {out.read().decode(errors='replace')[-2000:]}")
    return json.loads(report.read_text())


def _hurt(about):
    words = ["it hangs"] * about["late"] + ["it reached the network"] * bool(about["heard"])
    return words + ["a process outlives grading"] * bool(about["survivors"])


def _leaked(folder):
    notebooks = _found(folder, "-name", "*.ipynb")
    return any("LEAKED:" in str(cell.get("outputs")) for path in notebooks for cell in _cells(path))


def _cells(path):
    try:
        return json.loads(path.read_text())["cells"]
    except (ValueError, KeyError, OSError):
        return []


def _state(course):
    """What no student code may change: {path: digest}."""
    kept = ("submitted", "source", "release", "tests", "autograder.zip", "nbgrader_config.py", f"autograded/{VICTIM}")
    paths = [path for name in kept for path in _found(course / name, "-type", "f")]
    return {str(p.relative_to(course)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def _damage(course, before):
    after = _state(course)
    changed = [name for name in before if after.get(name) != before[name]]
    left = [path for path in _found(course, "-name", "attack-*") if "submitted" not in path.parts]
    return ["files of the course"] * bool(changed) + ["it left a file"] * bool(left)


def _found(folder, *tests):
    """The paths below a folder that pass the tests of find(1), which deep folders and pipes do not stop."""
    words = ["find", folder, "-maxdepth", "12", *tests, "-print0"]
    found = subprocess.run(words, capture_output=True).stdout
    return [Path(os.fsdecode(path)) for path in found.split(b"\0") if path]


def _rewrite(path):
    """A submission in otter's form, if it is a notebook at all."""
    if path.is_symlink() or not path.is_file():  # a pipe would never end
        return
    try:
        nb = nbformat.read(path, as_version=4)
    except Exception:  # malformed on purpose
        return
    path.write_text(json.dumps(_with_checks(nb)))  # in ASCII, or half characters stop us


def _with_checks(nb):
    tests = {answer.tests: name for name, answer in toy.ANSWERS.items()}
    for cell in nb.cells:
        if cell.cell_type == "code" and cell.source in tests:
            cell.source = f'grader.check("{tests[cell.source]}")'
    nb.cells.insert(0, nbformat.v4.new_code_cell("import otter\n\ngrader = otter.Notebook()", id="otter"))
    return nb


def _plain(outcome):
    return {
        "word": outcome.word,
        "points": outcome.points,
        "dropped": outcome.dropped,
        "hurt": list(outcome.hurt),
        "lost": outcome.lost,
        "run": outcome.run,
    }
