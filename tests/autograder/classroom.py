"""A course in a folder of its own, and its class."""

import hashlib
import json
import shutil
from pathlib import Path

import nbformat

from autograder import grading, release, results
from autograder.course import Course
from coursekit import recorded

ROOT = Path(__file__).parents[2]
STEM = "perceptron"
GRADE = ("auto_score", "manual_score", "extra_credit", "needs_manual_grade", "score")
STUDENTS = 14  # one of each kind, and four who are drawn


class Classroom:
    """A course's folder, with what `simulate` says of its students."""

    def __init__(self, root):
        self.root = Path(root)
        self.course = Course(root)
        path = self.root / results.PRIVATE / f"simulated-{STEM}.json"
        self.students = json.loads(path.read_text())["students"]

    def of_kind(self, kind):
        return next(name for name, about in self.students.items() if about["kind"] == kind)

    def submission(self, student):
        return self.course.folder("submitted", student, STEM) / f"{STEM}.ipynb"

    def keep_only(self, *students):
        """Take everyone else's work, and all that was made of anyone's, out of the folder."""
        for folder in ("autograded", "feedback"):
            shutil.rmtree(self.root / folder, ignore_errors=True)
        for path in (self.root / "submitted").iterdir():
            if path.name not in students:
                shutil.rmtree(path)
        with self.course.gradebook() as gradebook:
            for student in [s.id for s in gradebook.students]:
                gradebook.remove_student(student)

    def forget_results(self):
        shutil.rmtree(self.root / results.PRIVATE / "results", ignore_errors=True)

    def grade(self, **options):
        options = {"workers": 2, "unconfined": True, **options}  # confined where this machine can
        return {g.student: g for g in grading.everyone(self.course, STEM, **options)}

    def submitted(self, student):
        """The `Submission` of a student."""
        assignment = self.course.assignment(STEM)
        return self.course.submission(assignment, student, self.submission(student), unconfined=True)

    def results(self):
        return results.Results(self.root, STEM, results.secret_seed(self.root, STEM), results.device())

    def marks(self):
        """What the gradebook says of every student, exercise by exercise."""
        found = {}
        with self.course.gradebook() as gradebook:
            for submission in gradebook.assignment_submissions(STEM):
                grades = submission.notebooks[0].grades
                found[submission.student_id] = {g.name: (g.auto_score, g.needs_manual_grade) for g in grades}
        return found

    def rows(self):
        """All that the gradebook says of every student's work."""
        found = {}
        with self.course.gradebook() as gradebook:
            for submission in gradebook.assignment_submissions(STEM):
                (notebook,) = submission.notebooks
                found[submission.student_id] = {
                    "timestamp": str(submission.timestamp),
                    "penalty": notebook.late_submission_penalty,
                    "grades": {g.name: [getattr(g, k) for k in GRADE] for g in notebook.grades},
                    "comments": {c.name: [c.auto_comment, c.manual_comment] for c in notebook.comments},
                }
        return found

    def files(self):
        """{name: (mode, hash)} of all that lies in autograded/."""
        root = self.root / "autograded"
        return {
            p.relative_to(root).as_posix(): [p.stat().st_mode, hashlib.sha256(p.read_bytes()).hexdigest()]
            for p in sorted(root.rglob("*"))
            if p.is_file()
        }


def write_course(root, monkeypatch):
    """The repository's solutions, released in `root`; the repository's own recording is left alone."""
    shutil.copytree(ROOT / "solutions", root / "solutions")
    source = root / "solutions" / STEM / f"{STEM}.ipynb"
    nb = nbformat.read(source, as_version=4)
    drawing = [c for c in nb.cells if "plt.show()" in c.source and not c.metadata.get("nbgrader")]
    nb.cells = [c for c in nb.cells if c not in drawing[1:]]  # a class of figures takes minutes; one is enough here
    nbformat.write(nb, source)
    for name in ("nbgrader_config.py", "_config.yml"):
        shutil.copy(ROOT / name, root / name)
    with open(root / "nbgrader_config.py", "a") as file:
        file.write("\nc.Referee.unconfined = True  # confined where this machine can\n")
    (root / "recorded").mkdir()
    monkeypatch.setattr(recorded, "FOLDER", root / "recorded")
    release.release(STEM, root)
    return Course(root)
