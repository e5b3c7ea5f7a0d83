"""Into the gradebook: one student after another, each of them whole or not at all.

A student's rows are one transaction. The folder in `autograded/` is made ready beside its place first, then the rows
are committed, then the folder is put in its place. So what can fail for want of room fails before anything has
changed; and since the notebook names the result it was made from, whatever a killed run left out is seen and done by
the next one.
"""

import json
import logging
import os
import shutil
import time
from dataclasses import dataclass

from nbformat import from_dict
from nbformat.v4.rwbase import split_lines
from nbgrader import utils
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import Autograde
from nbgrader.preprocessors import AssignLatePenalties, LimitOutput
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from .course import is_locked, last_line
from .nbgrader import AUTOGRADE, SANITIZE, auto_score, complete, released_notebook
from .report import Report
from .results import DiskFull, disk_of
from .submission import Unreadable, regular, sources

log = logging.getLogger(__name__)

TIMESTAMP_LIMIT = 1000  # bytes
PATIENCE = 60.0  # seconds to wait for a gradebook that another program has locked


@dataclass(frozen=True)
class Graded:
    """What came of one student: a report, or a sentence that says why there is none. `new`: recorded by this run."""

    student: str
    report: Report | None = None
    problem: str = ""
    new: bool = False


class Recorder:
    """Writes what nbgrader's own pipeline would write, in one open session. Use it in a `with`."""

    def __init__(self, course, stem):
        self.course, self.stem, self.directory = course, stem, course.directory
        self.converter = Autograde(coursedir=self.directory, config=course.config)
        self.limit = LimitOutput(parent=self.converter)
        self.late = AssignLatePenalties(parent=self.converter)
        self.late.init_plugin()
        self.released = sources(released_notebook(self.directory, stem))

    def __enter__(self):
        self.gradebook = self.course.gradebook()
        self.db = self.gradebook.db
        notebook = self.gradebook.find_notebook(self.stem, self.stem)
        self.notebook_id, self.assignment_id = notebook.id, notebook.assignment.id
        self.grades = {c.name: (c.id, c.max_score) for c in [*notebook.grade_cells, *notebook.task_cells]}
        self.comments = {c.name: c.id for c in [*notebook.solution_cells, *notebook.task_cells]}
        self.rows = self._rows()
        self.db.rollback()
        return self

    def __exit__(self, *error):
        self.gradebook.close()

    def record(self, submission, key, result, again=False):
        """Put a student's result into the gradebook, if it is not there already; says what came of it.
        Raises `DiskFull` and SQLAlchemy's `OperationalError`."""
        student = submission.student
        try:
            handed_in = self._timestamp(student)
        except ValueError:
            return Graded(student, problem="Its timestamp.txt holds no date: correct it, or remove it.")
        if not again and self._recorded(student, key, result.report, handed_in):
            return Graded(student, result.report)
        if self._has_steps_of_its_own():
            return self._by_nbgrader(student)
        final = self.course.folder("autograded", student, self.stem)
        ready = final.with_name(f".{final.name}.new")
        try:
            complete(submission.nb, key, result, self.released)
            self.limit.preprocess(submission.nb, {})
            with disk_of(final):
                self._make_ready(submission, ready)
                answered_anew = _texts(final / f"{self.stem}.ipynb") != _texts(ready / f"{self.stem}.ipynb")
                self._commit(submission, result.report, handed_in, answered_anew)
                put_in_place(ready, final)
        except (DiskFull, OperationalError):  # it concerns everyone
            raise
        except Exception as error:  # a late-penalty plugin's, say: nobody else need suffer
            log.exception("%s was not recorded", student)
            return Graded(student, problem=f"It could not be recorded ({type(error).__name__}: {error}).")
        finally:
            shutil.rmtree(ready, ignore_errors=True)
        return Graded(student, result.report, new=True)

    # What is there

    def _rows(self):
        """{student: (time of submission, {cell: automatic score})} of all who are in the gradebook."""
        query = (
            select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp, BaseCell.name, Grade.auto_score)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .where(SubmittedNotebook.notebook_id == self.notebook_id)
        )
        rows = {}
        for student, timestamp, cell, score in self.db.execute(query):
            rows.setdefault(student, (timestamp, {}))[1][cell] = score
        return rows

    def _recorded(self, student, key, report, handed_in):
        """Does the gradebook hold this result, and the time of this submission?"""
        if report.undecided or student not in self.rows:
            return False
        timestamp, scores = self.rows[student]
        wanted = {name: auto_score(report, name, most) for name, (_, most) in self.grades.items()}
        if any(score is not None and scores.get(name) != score for name, score in wanted.items()):
            return False
        about = self.course.recorded(self.stem, student)
        same = about.get("key") == key and about.get("report") == json.loads(json.dumps(report.as_dict()))
        return same and handed_in in (None, timestamp)

    def _timestamp(self, student):
        """When it was handed in, if anything says so. Raises `ValueError`."""
        text = self._timestamp_file(student).decode().strip()
        try:
            return utils.parse_utc(text) if text else None
        except OverflowError:
            raise ValueError("no year of any calendar")

    def _timestamp_file(self, student):
        """What `timestamp.txt` holds, b"" if there is none. Raises `ValueError`."""
        try:
            data = regular(self.course.folder("submitted", student, self.stem) / "timestamp.txt", TIMESTAMP_LIMIT)
        except (OSError, Unreadable):
            return b""
        if data is None:
            raise ValueError("too long for a date")
        return data

    # The folder

    def _make_ready(self, submission, folder):
        """The notebook, and the files that were graded with it, in a new folder."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        files, stamp = submission.job.files, self._timestamp_file(submission.student)
        files = {**files, "timestamp.txt": stamp} if stamp else files
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        nb = split_lines(from_dict(submission.nb))  # nbformat's own form; nothing to validate
        text = json.dumps(nb, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / f"{self.stem}.ipynb").write_text(text + "\n", encoding="utf-8")
        for path, _, names in os.walk(folder):
            for name in names:
                os.chmod(os.path.join(path, name), int(str(self.converter.permissions), 8))
            if self.directory.groupshared:
                os.chmod(path, os.stat(path).st_mode & 0o777 | 0o2770)

    # What a course has added to nbgrader's pipeline, only the pipeline can do

    def _has_steps_of_its_own(self):
        config = self.course.config
        autograde = config.Autograde
        changed = autograde.get("sanitize_preprocessors") != SANITIZE
        changed |= autograde.get("autograde_preprocessors") != AUTOGRADE
        hooks = ("pre_convert_hook", "post_convert_hook")
        return changed or any(config[c].get(h) for c in ("Autograde", "BaseConverter") for h in hooks)

    def _by_nbgrader(self, student):
        answer = self.course.convert(Autograde, self.stem, student)
        report = self.course.report(self.stem, student)
        if not answer["success"] or report is None:
            return Graded(student, problem=f"nbgrader could not record it: {last_line(answer)}")
        return Graded(student, report, new=True)

    # The rows

    def _commit(self, submission, report, handed_in, answered_anew):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self._write(submission, report, handed_in, answered_anew)
                self.db.commit()
                return
            except Exception as error:
                self.db.rollback()
                # Another program wrote the same student's rows, or holds the lock: look again.
                mend = isinstance(error, IntegrityError | StaleDataError) or is_locked(error)
                if not mend or time.monotonic() > end:
                    raise
            finally:
                self.db.expunge_all()

    def _write(self, submission, report, handed_in, answered_anew):
        student = submission.student
        if self.db.get(Student, student) is None:
            self.db.add(Student(id=student))
            self.db.flush()
        row = self._one(SubmittedAssignment, assignment_id=self.assignment_id, student_id=student)
        if handed_in is not None:
            row.timestamp = handed_in
        notebook = self._one(SubmittedNotebook, notebook_id=self.notebook_id, assignment_id=row.id)
        grades = self._cells(Grade, notebook, {id for id, _ in self.grades.values()})
        comments = self._cells(Comment, notebook, set(self.comments.values()))
        for cell in submission.nb.cells:
            about = cell.metadata.get("nbgrader")
            if not about:
                continue
            if about["grade"]:
                id, most = self.grades[about["grade_id"]]
                grade, by_person = grades[id], about["solution"]
                before = grade.auto_score
                looked_at = grade.manual_score is not None and not grade.needs_manual_grade
                grade.auto_score = (
                    utils.determine_grade(cell)[0] if by_person else auto_score(report, about["grade_id"], most)
                )
                # What a person has given stands; it needs another look where the answer or the verdict is new.
                if answered_anew or not looked_at or grade.auto_score != before:
                    grade.needs_manual_grade = grade.auto_score is None or grade.manual_score is not None
            if about["solution"] or about["task"]:
                unchanged = about["checksum"] == utils.compute_checksum(cell) and not about["task"]
                comments[self.comments[about["grade_id"]]].auto_comment = "No response." if unchanged else None
        self.db.flush()
        notebook.late_submission_penalty = self._penalty(row, notebook)

    def _one(self, table, **values):
        """The row with these values, made if there is none."""
        row = self.db.execute(select(table).filter_by(**values)).scalar_one_or_none()
        if row is None:
            row = table(**values)
            self.db.add(row)
            self.db.flush()
        return row

    def _cells(self, table, notebook, ids):
        """A row for each cell, by the cell's id, made if there is none."""
        rows = {row.cell_id: row for row in self.db.execute(select(table).filter_by(notebook_id=notebook.id)).scalars()}
        for id in ids - set(rows):
            rows[id] = table(cell_id=id, notebook_id=notebook.id)
            self.db.add(rows[id])
        return rows

    def _penalty(self, row, notebook):
        """What the configured plugin takes off for being late."""
        late = row.total_seconds_late
        if late <= 0:
            return None
        self.db.refresh(notebook, ["score"])
        penalty = self.late.plugin_inst.late_submission_penalty(row.student_id, notebook.score, late)
        return None if penalty is None else self.late._check_late_penalty(notebook, penalty)


def _texts(path):
    """What stands in the cells of a notebook of ours; None if it is not there."""
    try:
        return [cell["source"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def put_in_place(ready, final):
    """`ready` becomes `final`. Killed in between, there is no `final`, or an older one."""
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        os.rename(final, old)
    os.rename(ready, final)
    shutil.rmtree(old, ignore_errors=True)
