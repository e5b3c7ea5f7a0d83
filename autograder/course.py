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
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from sqlalchemy.exc import OperationalError
from traitlets.config import Application

from . import rubric
from .nbgrader import files_of, released_notebook
from .report import Report
from .results import secret_seed
from .submission import Assignment, Submission, Unreadable, handed_in, notebook_of, restored, source_cells, sources
from .submission import job as job_of

CONFIG = "nbgrader_config.py"


class CourseError(ValueError):
    """What is missing, and what to do, in a sentence."""


def is_locked(error):
    """Is it that another program is writing into the gradebook?"""
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


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

    def why_not(self, error):
        """The sentence for an `OperationalError` of the gradebook's database."""
        place, text = f"the gradebook ({self.directory.db_url.rpartition('@')[2]})", str(error.orig).strip()
        if is_locked(error):
            return f"{place} is locked by another program: close it, or wait. Nothing is lost; the same command carries on."
        if "full" in text or "No space left" in text:
            return f"the disk of {place} is full: make room, and the same command carries on."
        return f"{place} does not answer: {text.splitlines()[0]}. Once it does, the same command carries on."

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

    def misplaced(self, stem):
        """Notebooks of a chapter in `submitted/` that nobody will grade, each with a sentence: {path: sentence}."""
        root = self.root / self.directory.submitted_directory
        if self.directory.directory_structure != CourseDirectory.directory_structure.default_value:
            return {}
        found, chapters = {}, rubric.stems()
        for path in sorted([*root.glob("*.ipynb"), *root.glob("*/*.ipynb"), *root.glob("*/*/*.ipynb")]):
            *folders, name = path.relative_to(root).parts
            if len(folders) == 2 and folders[1] == stem:
                if name != f"{stem}.ipynb" and path.with_name(f"{stem}.ipynb").exists():
                    found[path] = f"it is not graded; {stem}.ipynb beside it is. Keep the one that counts."
            elif folders[1:] and folders[1] in chapters:
                continue
            elif stem in re.sub(r"\W+", "_", "/".join([*folders[1:], name]).lower()):
                found[path] = f"it is not graded: its place is {root.name}/<student>/{stem}/{stem}.ipynb."
        return {path.relative_to(self.root): sentence for path, sentence in found.items()}

    def assignment(self, stem):
        """What every submission of a chapter is read against."""
        with self.gradebook() as gradebook:
            notebook = gradebook.find_notebook(stem, stem)
            cells, kernelspec = source_cells(notebook), json.loads(notebook.kernelspec or "{}")
        released = sources(released_notebook(self.directory, stem))
        return Assignment(stem, secret_seed(self.root, stem), cells, kernelspec, released)

    def submission(self, assignment, student, path, unconfined=False):
        """The `Submission` of a student, as nbgrader's pipeline would make it."""
        unreadable = ""
        try:
            nb = handed_in(path, assignment.stem)
        except Unreadable as sentence:
            nb, unreadable = notebook_of([]), str(sentence)
        nb = restored(nb, assignment.cells)
        nb.metadata["kernelspec"] = assignment.kernelspec
        files = files_of(self.directory, student, assignment.stem)
        job = job_of(nb, assignment.stem, assignment.seed, files, assignment.released, unconfined)
        return Submission(student, nb, job, unreadable)

    def report(self, stem, student):
        """The recorded `Report` of a student; None if there is none."""
        try:
            report = Report.from_dict(self.recorded(stem, student)["report"])
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
        answer = self.convert(GenerateFeedback, stem, student)
        if not answer["success"]:
            raise CourseError(f"{student}: nbgrader could not write the feedback: {last_line(answer)}")
        return self.folder("feedback", student, stem) / f"{stem}.html"

    def convert(self, converter, stem, student):
        """Run one of nbgrader's own pipelines for one student; gives its "success", "log" and "error"."""
        directory = CourseDirectory(config=self.config, assignment_id=stem, student_id=glob.escape(student))
        app = converter(coursedir=directory, config=self.config)
        app.force = True
        return capture_log(app)

    def recorded(self, stem, student):
        """What a student's autograded notebook says of its grading: {"key", "report"}; {} if there is none."""
        try:
            path = self.folder("autograded", student, stem) / f"{stem}.ipynb"
            return dict(json.loads(path.read_text(encoding="utf-8"))["metadata"]["autograder"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def last_line(answer):
    """The last thing that nbgrader said."""
    lines = [line.strip() for line in (answer.get("error") or answer.get("log") or "").splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"
