"""How nbgrader meets the referee: the parts that `nbgrader_config.py` puts into its pipeline.

`nbgrader autograde` and the formgrader's button come through here; `autograder grade --assignment` does the same
without the pipeline (`recording.py`), and gives the same marks.
"""

import json
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor, SaveAutoGrades
from traitlets import Bool

from . import harmless, results, submission
from .feedback import fragment
from .report import UNDECIDED, Report
from .rubric import exercise_id

SANITIZE = ["autograder.nbgrader.Restore", "nbgrader.preprocessors.CheckCellMetadata"]
AUTOGRADE = [
    "autograder.nbgrader.Referee",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.nbgrader.SaveReport",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]


class SubmissionExporter(NotebookExporter):
    """Reads what a student handed in. What is no notebook becomes an empty one, with a sentence that says why."""

    def from_filename(self, filename, resources=None, **kw):
        if not self.parent._sanitizing:  # the second pass reads what the first one wrote
            return super().from_filename(filename, resources, **kw)
        resources = resources or {}
        path = Path(filename)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        try:
            nb = submission.handed_in(path, path.stem)
        except submission.Unreadable as sentence:
            nb = submission.notebook_of([])
            resources["unreadable"] = str(sentence)
        return self.from_notebook_node(nb, resources, **kw)


class Restore(NbGraderPreprocessor):
    """The submission's cells with the release's metadata and locked text; deleted grade cells at the end. Of the files
    that nbgrader has put beside the notebook, those remain that are graded: it follows links and knows no limits."""

    def preprocess(self, nb, resources):
        about, directory = resources["nbgrader"], self.parent.parent.coursedir
        folder = Path(directory.format_path(directory.autograded_directory, about["student"], about["assignment"]))
        graded = files_of(directory, about["student"], about["assignment"]).keys() | {"timestamp.txt"}
        for path in [p for p in folder.rglob("*") if p.is_file()]:
            if path.suffix != ".ipynb" and path.relative_to(folder).as_posix() not in graded:
                path.unlink()
        with Gradebook(about["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
            nb = submission.restored(nb, submission.source_cells(notebook))
            nb.metadata["kernelspec"] = json.loads(notebook.kernelspec or "{}")
        nb.metadata["autograder"] = {"unreadable": resources.get("unreadable", "")}
        return nb, resources


class Referee(NbGraderPreprocessor):
    """In place of nbgrader's Execute: hand the job to the referee, put outputs and report into the notebook."""

    unconfined = Bool(
        False, help="Grade where this machine cannot confine student code: it can then reach all that you can."
    ).tag(config=True)

    def preprocess(self, nb, resources):
        about, directory = resources["nbgrader"], self.parent.parent.coursedir
        stem, seed = about["assignment"], results.secret_seed(directory.root, about["assignment"])
        released = submission.sources(released_notebook(directory, stem))
        files = files_of(directory, about["student"], stem)
        job = submission.job(nb, stem, seed, files, released, unconfined=self.unconfined)
        kept = results.Results(directory.root, stem, seed, results.device())
        sentence = nb.metadata.get("autograder", {}).get("unreadable", "")
        result = results.unreadable(job, kept.exercises, sentence) if sentence else kept.of(job)
        complete(nb, kept.key(job), result, released)
        for id in result.report.undecided:
            self.log.error("%s of %s is undecided: a person must look", id, about["student"])
        return nb, resources


class SaveReport(SaveAutoGrades):
    """Scores from the report, and from nothing else. Without a verdict there are no points and a person must look;
    a score that a person has given is left alone."""

    def preprocess(self, nb, resources):
        self.report = Report.from_dict(nb.metadata["autograder"]["report"])
        return super().preprocess(nb, resources)

    def _add_score(self, cell, resources):
        if cell.metadata.nbgrader["solution"]:  # a written answer: a person grades it
            super()._add_score(cell, resources)
            return
        grade_id = cell.metadata.nbgrader["grade_id"]
        row = self.gradebook.find_grade(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        row.auto_score = auto_score(self.report, grade_id, row.max_score)
        row.needs_manual_grade = row.auto_score is None or row.manual_score is not None
        self.gradebook.db.commit()


class Scores(GetGrades):
    """For the feedback page: nbgrader's scores and comments, and whether a person has given the score, or is to."""

    def _get_score(self, cell, resources):
        super()._get_score(cell, resources)
        grade_id = cell.metadata.nbgrader["grade_id"]
        row = self.gradebook.find_grade(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader["by_hand"] = row.manual_score is not None or bool(row.extra_credit)
        cell.metadata.nbgrader["waiting"] = row.manual_score is None and row.auto_score is None


def complete(nb, key, result, released=frozenset()):
    """Put outputs and verdicts into a restored notebook: each verdict under its grade cell, where the formgrader
    shows it, and the whole report into the metadata. What a student wrote or showed is made harmless, since the
    formgrader renders all of it; text as `released` stays as it is."""
    for cell, outputs in zip(nb.cells, result.outputs):
        if cell.cell_type == "code":
            cell.outputs = [nbformat.from_dict(o) for o in harmless.outputs(outputs)]
    for cell in nb.cells:
        about = cell.metadata.get("nbgrader", {})
        exercise = result.report.exercises.get(exercise_id(about.get("grade_id", "")))
        if cell.cell_type != "code":
            if not about.get("locked") and cell.source not in released:
                cell.source = harmless.markdown(cell.source)
        elif exercise is not None:
            data = {"text/html": fragment(exercise), "text/plain": harmless.text(exercise.feedback)}
            cell.outputs = [new_output("display_data", data)]
        else:
            cell.source = harmless.source(cell.source)
    others = [id(cell) for cell in nb.cells if not cell.metadata.get("nbgrader")]
    left_out = set(others[harmless.CELLS_LIMIT :])
    nb.cells = [cell for cell in nb.cells if id(cell) not in left_out]
    nb.metadata["autograder"] = {"key": key, "report": result.report.as_dict()}


def auto_score(report, grade_id, max_score):
    """The score that a report gives to a grade cell; None if a person must look."""
    exercise = report.exercises.get(exercise_id(grade_id))
    if exercise is None or exercise.outcome == UNDECIDED or exercise.points is None:
        return None
    return min(max(exercise.points, 0.0), max_score)


def files_of(directory, student, stem):
    """What was handed in beside the notebook, and the course's own files over it, but for those that students are to
    change (nbgrader's `exclude_overwriting`)."""
    submitted = directory.format_path(directory.submitted_directory, student, stem)
    source = directory.format_path(directory.source_directory, ".", stem)
    theirs = directory.config.Autograde.get("exclude_overwriting", {}).get(stem, [])
    given = {n: data for n, data in submission.files(source, directory.ignore).items() if n not in theirs}
    return submission.laid_over(submission.files(submitted, directory.ignore), given)


def released_notebook(directory, stem):
    """Where the notebook lies that students got."""
    return Path(directory.format_path(directory.release_directory, ".", stem), f"{stem}.ipynb")
