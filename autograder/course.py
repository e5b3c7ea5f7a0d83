"""A course's folder, and what nbgrader knows of it: who handed in what, and which marks are recorded."""

import glob
import json
import re
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGrader
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config import Application

from . import rubric
from .grading import Graded
from .nbgrader import job_of, sanitized
from .report import Report

CONFIG = "nbgrader_config.py"


class CourseError(ValueError):
    """What is missing, and what to do, in a sentence."""


class Course:
    """The course in the folder `root`; by default the nearest one at or above the current folder."""

    def __init__(self, root=None):
        start = Path(root or Path.cwd()).resolve()
        self.root = next((p for p in [start, *([] if root else start.parents)] if (p / CONFIG).is_file()), None)
        if self.root is None:
            raise CourseError(
                f"there is no {CONFIG} in {start}{'' if root else ' or above it'}: go to the course's folder."
            )

    @cached_property
    def config(self):
        """nbgrader's configuration: the user's own, then this course's."""
        app = NbGrader()
        app.raise_config_file_errors = True  # a broken file must not mean nbgrader's own way of grading
        app.load_config_file()
        Application.load_config_file(app, CONFIG, path=[str(self.root)])
        config = app.config.copy()
        config.CourseDirectory.root = str(self.root)
        return config

    @cached_property
    def directory(self):
        return CourseDirectory(config=self.config)

    def gradebook(self):
        """nbgrader's gradebook, to be used in a `with`."""
        return Gradebook(self.directory.db_url, self.directory.course_id)

    def folder(self, step, student, stem):
        """The folder of a student's work at a step: submitted, autograded or feedback."""
        return Path(self.directory.format_path(getattr(self.directory, f"{step}_directory"), student, stem))

    def check_released(self, stem):
        """Raises `CourseError` unless the gradebook knows the assignment."""
        if stem not in rubric.stems():
            raise CourseError(f"there is no chapter {stem!r}; there are: {', '.join(rubric.stems())}.")
        with self.gradebook() as gradebook:
            try:
                gradebook.find_notebook(stem, stem)
            except MissingEntry:
                raise CourseError(f"{stem} is not in the gradebook yet: run `autograder release {stem}`.")

    def notebook(self, step, stem):
        """A chapter's notebook as written ("source") or as released ("release"). Raises `CourseError`."""
        path = self.folder(step, ".", stem) / f"{stem}.ipynb"
        if not path.exists():
            mend = f": run `autograder release {stem}`" if step == "release" else ""
            raise CourseError(f"there is no {path.relative_to(self.root)}{mend}.")
        return nbformat.read(path, as_version=4)

    def students(self, step, stem):
        """Who has a folder at a step, in order."""
        pattern = re.compile(
            self.directory.format_path(
                getattr(self.directory, f"{step}_directory"), "(?P<student>.*)", stem, escape=True
            )
        )
        matches = (pattern.fullmatch(path) for path in glob.glob(str(self.folder(step, "*", stem))))
        return sorted(m["student"] for m in matches if m)

    def submissions(self, stem, only=()):
        """The notebook each student handed in (None if it is missing), by student."""
        found = self.students("submitted", stem)
        if not found:
            place = self.folder("submitted", "<student>", stem).relative_to(self.root)
            raise CourseError(
                f"nobody has handed in {stem}: notebooks belong in {place}/{stem}.ipynb "
                f"(to try it out: `autograder simulate {stem}`)."
            )
        for student in only:
            if student not in found:
                raise CourseError(f"{student} has not handed in {stem}.")
        paths = {s: self.folder("submitted", s, stem) / f"{stem}.ipynb" for s in only or found}
        return {s: path if path.is_symlink() or path.exists() else None for s, path in paths.items()}

    def why_missing(self, stem, student):
        """What is wrong with a submission that holds no notebook of the right name."""
        folder = self.folder("submitted", student, stem)
        others = sorted(p.name for p in folder.glob("*") if p.name != "timestamp.txt")
        there = f"the folder holds {', '.join(others)}" if others else "the folder is empty"
        hint = f": rename the notebook to {stem}.ipynb" if any(o.endswith(".ipynb") for o in others) else ""
        return f"There is no {stem}.ipynb; {there}{hint}."

    def job(self, stem, student, path):
        """The `Job` of a submission, as nbgrader's pipeline will make it, and why it cannot be read ("" if it can)."""
        nb = sanitized(Autograde(coursedir=self.directory, config=self.config), path)
        return job_of(nb, stem, student, self.directory), nb.metadata["autograder"]["unreadable"]

    def record(self, stem, student, key, again=False):
        """Put a student's result into the gradebook through nbgrader's own pipeline; says what came of it."""
        if not again and self.recorded(stem, student, key):
            return Graded(student, self.report(stem, student))
        answer = self._run(Autograde, stem, student)
        report = self.report(stem, student)
        if not answer["success"] or report is None:
            return Graded(student, problem=f"nbgrader could not record it: {_last_line(answer)}")
        return Graded(student, report, new=True)

    def recorded(self, stem, student, key):
        """Does the gradebook hold the result under this key, and the time of this submission?"""
        about = self._autograded(stem, student)
        report = self.report(stem, student)
        if about.get("key") != key or report is None or report.undecided:
            return False
        with self.gradebook() as gradebook:
            try:
                submission = gradebook.find_submission(stem, student)
                scores = {g.name: g.auto_score for g in gradebook.find_submission_notebook(stem, stem, student).grades}
            except MissingEntry:
                return False
            if submission.timestamp != self.directory.get_existing_timestamp(
                str(self.folder("submitted", student, stem))
            ):
                return False
        return all(scores.get(rubric.grade_id(e.exercise)) == e.points for e in report.exercises.values())

    def report(self, stem, student):
        """The recorded `Report` of a student; None if there is none."""
        try:
            report = Report.from_dict(self._autograded(stem, student)["report"])
        except (KeyError, TypeError):
            return None
        order = [r.id for r in rubric.load(stem).values() if r.id in report.exercises]  # a notebook sorts its metadata
        return replace(report, exercises={id: report.exercises[id] for id in order})

    def scores(self, stem, student):
        """What the gradebook says of a student: {"score", "max_score", "penalty", "needs_manual_grade"}; None if
        nothing was handed in."""
        with self.gradebook() as gradebook:
            try:
                submission = gradebook.find_submission(stem, student)
            except MissingEntry:
                return None
            return {
                "score": submission.score,
                "max_score": submission.max_score,
                "penalty": submission.late_submission_penalty or 0.0,
                "needs_manual_grade": submission.needs_manual_grade,
            }

    def feedback(self, stem, student):
        """Write a student's feedback page; returns its path. Raises `CourseError`."""
        answer = self._run(GenerateFeedback, stem, student)
        if not answer["success"]:
            raise CourseError(f"{student}: nbgrader could not write the feedback: {_last_line(answer)}")
        return self.folder("feedback", student, stem) / f"{stem}.html"

    def _run(self, converter, stem, student):
        directory = CourseDirectory(config=self.config, assignment_id=stem, student_id=glob.escape(student))
        app = converter(coursedir=directory, config=self.config)
        app.force = True
        return capture_log(app)

    def _autograded(self, stem, student):
        try:
            path = self.folder("autograded", student, stem) / f"{stem}.ipynb"
            return json.loads(path.read_text(encoding="utf-8"))["metadata"]["autograder"]
        except (OSError, ValueError, KeyError):
            return {}


def _last_line(answer):
    lines = [line.strip() for line in (answer.get("error") or answer.get("log") or "").splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"
