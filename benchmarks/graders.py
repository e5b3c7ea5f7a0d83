"""Three ways to grade a class: stock nbgrader, otter-grader and ours, each as its users run it.

A grader is set up once (`prepare`), then grades classes, each in a fresh folder: `lay_out` writes what students handed
in, `grade` runs the command and returns what it cost, `marks` reads the points of each exercise, None where there is
no mark.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from autograder import rubric

from . import convert, measure

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent
PEERS = HERE / ".venv" / "bin"
STEM = "perceptron"
SEED = "benchmark"  # of the cases, for all three
OTTER_SECONDS = 120  # `otter run` has no limit of its own; ours ends it


# Releases into the course's own folder: the recording in the repository is left alone.
_RELEASE = """
import sys
from pathlib import Path
from coursekit import recorded
recorded.FOLDER = Path(".autograder").resolve()
from autograder.release import release
release(sys.argv[1])
"""


def remove(folder):
    """Python's own gives up on deep folders."""
    subprocess.run(["rm", "-rf", folder], check=True)


class Grader:
    """What the three have in common."""

    name = ""
    environment = PEERS

    def __init__(self, folder):
        self.folder = Path(folder, self.name)
        self.template = self.folder / "template"
        self.log = self.folder / "log"
        self.template.mkdir(parents=True)

    def env(self):
        """The environment variables of its commands: its own programs first, coursekit to import and nothing else."""
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "JUPYTER"))}
        path = f"{self.environment}:{os.environ['PATH']}"
        return {**keep, "PATH": path, "PYTHONPATH": str(self.folder / "lib")}

    def setup(self, *command, cwd=None):
        """Run a command that is not measured. Raises `RuntimeError` with its last lines if it fails."""
        done = subprocess.run(command, cwd=cwd or self.template, env=self.env(), capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}:\n{(done.stdout + done.stderr)[-2000:]}")

    def fresh(self, name):
        """A fresh course folder, without students."""
        course = self.folder / name
        shutil.rmtree(course, ignore_errors=True)
        shutil.copytree(self.template, course)
        return course

    def run(self, command, course, seconds=None, memory=False):
        return measure.run(command, cwd=course, env=self.env(), log=self.log, seconds=seconds, memory=memory)


class Nbgrader(Grader):
    """`nbgrader autograde`: everyone in submitted/, with nbgrader's own configuration."""

    name = "nbgrader"

    def prepare(self):
        shutil.copytree(ROOT / "coursekit", self.folder / "lib" / "coursekit")
        (self.template / "nbgrader_config.py").write_text("c = get_config()\n")
        source = self.template / "source" / STEM / f"{STEM}.ipynb"
        source.parent.mkdir(parents=True)
        nb = nbformat.read(ROOT / "solutions" / STEM / f"{STEM}.ipynb", as_version=4)
        nbformat.write(convert.nbgrader_source(nb, convert.exercises(STEM, SEED)), source)
        self.setup("nbgrader", "generate_assignment", STEM)
        self.released = nbformat.read(self.template / "release" / STEM / f"{STEM}.ipynb", as_version=4)

    def lay_out(self, course, notebooks):
        for student, nb in notebooks.items():
            path = course / "submitted" / student / STEM / f"{STEM}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(convert.nbgrader_submission(nb, self.released), path)

    def grade(self, course, memory=False, options=()):
        return self.run(["nbgrader", "autograde", STEM, *options], course, memory=memory)

    def marks(self, course):
        return _gradebook_marks(course)


class Otter(Grader):
    """`otter run`: a call for each submission."""

    name = "otter"

    def prepare(self):
        shutil.copytree(ROOT / "coursekit", self.folder / "lib" / "coursekit")
        self.exercises = convert.exercises(STEM, SEED)
        (self.template / "tests").mkdir()
        for exercise in self.exercises.values():
            (self.template / "tests" / f"{exercise.name}.py").write_text(convert.otter_test(exercise))
        self.setup("otter", "generate")

    def lay_out(self, course, notebooks):
        for student, nb in notebooks.items():
            path = course / "submitted" / student / f"{STEM}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(convert.otter_submission(nb, self.exercises), path)

    def grade(self, course, memory=False):
        cost = measure.Cost(0, 0)
        for folder in sorted((course / "submitted").iterdir()):
            results = course / "results" / folder.name
            results.mkdir(parents=True)
            command = ["otter", "run", "-a", "autograder.zip", "-o", results, folder / f"{STEM}.ipynb"]
            cost += self.run(command, course, seconds=OTTER_SECONDS, memory=memory)
        return cost

    def marks(self, course):
        marks = {}
        for folder in sorted((course / "submitted").iterdir()):
            path = course / "results" / folder.name / "results.json"
            tests = json.loads(path.read_text())["tests"] if path.exists() else []
            scores = {t["name"]: t.get("score") for t in tests}
            marks[folder.name] = {id: scores.get(e.name) for id, e in self.exercises.items()}
        return marks


class Ours(Grader):
    """`autograder grade --assignment`, into the gradebook."""

    name = "ours"
    environment = Path(sys.executable).parent

    def __init__(self, folder, workers=2, name="ours"):
        self.name, self.workers = name, workers
        self.packages = ROOT  # where `autograder` and `coursekit` are imported from
        super().__init__(folder)

    def env(self):
        return {**super().env(), "PYTHONPATH": str(self.packages)}

    def prepare(self):
        for name in ("nbgrader_config.py", "_config.yml", "solutions", "book"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, self.template / name)
        private = self.template / ".autograder"
        private.mkdir(mode=0o700)
        (private / "seeds.json").write_text(json.dumps({STEM: SEED}))
        self.setup(sys.executable, "-c", _RELEASE, STEM)

    def lay_out(self, course, notebooks):
        for student, nb in notebooks.items():
            path = course / "submitted" / student / STEM / f"{STEM}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(nb, path)

    def grade(self, course, memory=False):
        command = [sys.executable, "-m", "autograder.cli", "grade", "--assignment", STEM]
        command += ["--workers", str(self.workers)]
        cost = self.run(command, course, memory=memory)
        if cost.status not in (0, 1):  # 1: a person must look at something
            raise RuntimeError(self.log.read_text()[-2000:])
        return cost

    def marks(self, course):
        return _gradebook_marks(course)


def _gradebook_marks(course):
    """The points of every student in nbgrader's gradebook."""
    marks = {}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for student in sorted(p.name for p in (course / "submitted").iterdir()):
            try:
                rows = gradebook.find_submission_notebook(STEM, STEM, student).grades
            except MissingEntry:
                rows = []
            scores = {rubric.exercise_id(row.name): row.auto_score for row in rows}
            marks[student] = {r.id: scores.get(r.id) for r in rubric.load(STEM).values()}
    return marks
